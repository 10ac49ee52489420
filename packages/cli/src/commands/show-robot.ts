/** One robot, as a person reads it. */

import { sayRefusal } from '@fairlead/shared/failure';
import type { RobotView } from '@fairlead/shared/fleet/robot-facts';
import { ago } from '../ago.ts';
import type { Cell, Output } from '../output.ts';
import { deploymentCell, lifecycleCell, presenceCell } from '../tones.ts';

export function showRobot(out: Output, view: RobotView): void {
  const { inventory, vitals } = view;
  const labels = Object.entries(view.labels).map(([key, value]) => `${key}=${value}`);
  const facts: readonly (readonly [string, Cell])[] = [
    ['robot', { text: view.robot, tone: 'strong' }],
    ['lifecycle', lifecycleCell(view.lifecycle)],
    ['presence', presenceCell(view.presence)],
    ['last seen', ago(view.lastSeen, Date.now())],
    ['environment', view.environment],
    ['group', view.group],
    ['labels', labels.join(', ') || undefined],
    ['key', view.keyFingerprint],
    ['doing', view.activity && `${view.activity.state} ${view.activity.component ?? ''}`.trim()],
    ['machine', inventory && `${inventory.board ?? inventory.arch}, ${inventory.os}, ${inventory.cores} cores`],
    ['agent', inventory && `${inventory.agentVersion}, Node ${inventory.nodeVersion}`],
    ['free', vitals && `${Math.round(vitals.memoryFreeMb)} MiB memory, ${Math.round(vitals.diskFreeMb)} MiB disk`],
  ];
  out.table(['', ''], facts);
  if (view.quarantined) out.line(`quarantined: ${sayRefusal(view.quarantined)}`, 'bad');
  if (view.activity?.refusal) out.line(sayRefusal(view.activity.refusal), 'warn');
  const names = [...new Set([...view.components, ...view.desired].map(({ component }) => component))];
  if (names.length > 0) out.table(['COMPONENT', 'ACTIVE', 'PREVIOUS', 'DESIRED', 'DEPLOYMENT'], names.map(row));

  function row(component: string): Cell[] {
    const has = view.components.find((state) => state.component === component);
    const wants = view.desired.find((order) => order.component === component);
    return [
      component,
      has?.active?.version,
      has?.previous?.version,
      wants?.version,
      wants && deploymentCell(wants.state),
    ];
  }
}
