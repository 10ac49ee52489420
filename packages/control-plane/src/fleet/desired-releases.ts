/** What robots should run, as their view shows it. */
import type { RobotId } from '@fairlead/shared/ids';
import type { Deployment } from '../store/deployments.ts';
import type { Store } from '../store/store.ts';
import type { DesiredRelease } from './robot-view.ts';

/** For one robot a look-up, for a page one reading of all. */
export async function desiredReleases(
  { desired }: Pick<Store, 'desired'>,
  robots: readonly RobotId[],
): Promise<ReadonlyMap<RobotId, readonly DesiredRelease[]>> {
  const [first, ...others] = robots;
  if (first === undefined) return new Map();
  const found = others.length === 0 ? new Map([[first, (await desired.of(first)).deployments]]) : await desired.all();
  return new Map([...found].map(([robot, deployments]) => [robot, deployments.map(toDesired)]));
}

const toDesired = ({ component, version, manifestSha256, deployment, state }: Deployment): DesiredRelease => ({
  component,
  version,
  manifestSha256,
  deployment,
  state,
});
