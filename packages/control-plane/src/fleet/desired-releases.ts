/** What robots should run, as their view shows it. */
import type { RobotId } from '@fairlead/shared/ids';
import type { Deployment } from '../store/deployments.ts';
import type { Store } from '../store/store.ts';
import type { DesiredRelease } from './robot-view.ts';

/** Of these robots alone: a page costs a page, whatever the fleet. */
export async function desiredReleases(
  { desired }: Pick<Store, 'desired'>,
  robots: readonly RobotId[],
): Promise<ReadonlyMap<RobotId, readonly DesiredRelease[]>> {
  const found = await desired.named(robots);
  return new Map([...found].map(([robot, deployments]) => [robot, deployments.map(toDesired)]));
}

const toDesired = ({ component, version, manifestSha256, deployment, state }: Deployment): DesiredRelease => ({
  component,
  version,
  manifestSha256,
  deployment,
  state,
});
