/** A robot on which one update after the other fails is left alone until a person has looked at it. */
import type { Refusal } from '@fairlead/shared/failure';
import type { DeploymentState } from '@fairlead/shared/fleet/states';
import type { RobotId } from '@fairlead/shared/ids';
import type { Slices } from '../store/store.ts';

export const REPEATED_FAILURES = 'repeated_failures';
const FAILED: readonly DeploymentState[] = ['failed', 'rolled-back'];
/** What says something about the robot; a release that it refused speaks of the release. */
const TELLING: readonly DeploymentState[] = ['succeeded', ...FAILED];
const LOOK_BACK = 50;

/** In the transaction that stored the failure. Its reports are heard on: only orders stop. */
export async function quarantineFailing({ robots, deployments, rules, desired }: Slices, name: RobotId): Promise<void> {
  const robot = await robots.find(name);
  if (!robot || robot.quarantined) return;
  const { quarantineAfter } = (await rules.all()).limits;
  const past = await deployments.list({ robot: name }, { limit: Math.max(LOOK_BACK, quarantineAfter) });
  const telling = past.filter(({ state }) => TELLING.includes(state)).slice(0, quarantineAfter);
  if (telling.length < quarantineAfter || !telling.every(({ state }) => FAILED.includes(state))) return;
  const quarantined: Refusal = {
    phase: 'assign',
    element: name,
    category: REPEATED_FAILURES,
    detail: `The last ${quarantineAfter} updates of ${name} failed: ${telling.map(({ component, version }) => `${component}@${version}`).join(', ')}.`,
    retryable: true,
    hint: `Look at the robot (fairlead history --robot ${name}), then: fairlead robot readmit ${name}`,
  };
  await robots.save({ ...robot, quarantined });
  await desired.raise(name);
}
