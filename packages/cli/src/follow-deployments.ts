/** `--wait`: watches deployments until each has ended, and tells every change as it happens. */
import { setTimeout as pause } from 'node:timers/promises';
import type { DeploymentView } from '@fairlead/shared/fleet/deployment-view';
import { isTerminal } from '@fairlead/shared/fleet/states';
import { sayRelease } from '@fairlead/shared/ids';
import type { CliContext } from './context.ts';
import { toneOf } from './tones.ts';

const POLL_MS = 500;

/** Resolves with the last view of each, in the order given. Rejects where the control plane goes away. */
export async function followDeployments(
  context: CliContext,
  started: readonly DeploymentView[],
): Promise<DeploymentView[]> {
  const latest = new Map<string, DeploymentView>(started.map((view) => [view.deployment, view]));
  const { operator } = context.client();
  const bar = context.out.progress('robots done', started.length);
  try {
    for (;;) {
      const open = [...latest.values()].filter(({ state }) => !isTerminal(state));
      bar.set(started.length - open.length);
      if (open.length === 0) return [...latest.values()];
      await pause(POLL_MS);
      for (const before of open) {
        const { deployment: now } = await operator.showDeployment({ params: { deployment: before.deployment } });
        if (now.state !== before.state) tell(context, now);
        latest.set(now.deployment, now);
      }
    }
  } finally {
    bar.stop();
  }
}

function tell({ out }: CliContext, view: DeploymentView): void {
  const why = view.refusal ? `: ${view.refusal.detail} (${view.refusal.category})` : '';
  out.line(`${view.robot}: ${sayRelease(view)} ${view.state}${why}`, toneOf(view.state));
}
