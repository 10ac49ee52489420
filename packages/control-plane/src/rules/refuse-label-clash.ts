/** What a person writes on a robot must mean what it says: no label that is known otherwise, no group of a saved one's name. */
import { isReservedLabel } from '@fairlead/shared/fleet/labels-of';
import type { Labels } from '@fairlead/shared/fleet/robot-facts';
import { problem } from '../http/problem.ts';
import type { Slices } from '../store/store.ts';

/** Throws bad_request or conflict. `before` are labels it carries already: those may stay, and mean nothing. */
export async function refuseLabelClash(
  { rules }: Pick<Slices, 'rules'>,
  { group, labels = {} }: { readonly group?: string; readonly labels?: Labels },
  before: Labels = {},
): Promise<void> {
  const reserved = Object.keys(labels).find((key) => isReservedLabel(key) && before[key] !== labels[key]);
  if (reserved !== undefined) {
    throw problem('bad_request', `${reserved} is no free label: the control plane knows it of every robot.`, {
      hint: reserved === 'group' ? 'Set the group with --group.' : 'Choose another key.',
      mistakes: [{ at: `/labels/${reserved}`, message: 'is reserved' }],
    });
  }
  if (group === undefined || !(await rules.all()).groups.some(({ name }) => name === group)) return;
  throw problem('conflict', `${group} is a saved group: its robots are whoever its selector chooses.`, {
    hint: `Give the robot a label that the selector asks for (fairlead group show ${group}), or choose another group.`,
  });
}
