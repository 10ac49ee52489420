/** Orders to one robot, and what it runs. */

import { deploymentApi } from '@fairlead/shared/api/deployment-api';
import type { DeploymentView } from '@fairlead/shared/fleet/deployment-view';
import type { RobotId } from '@fairlead/shared/ids';
import { parse } from '@fairlead/shared/parse';
import { expect } from 'vitest';
import { type Ended, untilEnded } from '../../../scripts/local-fleet/deploy.ts';
import type { LocalFleet } from '../../../scripts/local-fleet/local-fleet.ts';
import type { LivingRobot } from '../../../scripts/local-fleet/robot-process.ts';
import { waitFor } from '../../../scripts/local-fleet/wait-for.ts';

/** Whatever a robot is made of here, the control plane knows its name. */
type Named = Pick<LivingRobot, 'name'>;

/** Gives the order and returns at once. */
export async function begin(fleet: LocalFleet, { name }: Named, release: string): Promise<DeploymentView> {
  const [component = '', version = ''] = release.split('@');
  const wanted = parse(deploymentApi.deploy.body, {
    target: { robot: name },
    component,
    version,
    allowDowngrade: true,
  });
  if (!wanted.ok) throw new Error(`${release}: ${wanted.refused[0]?.message}`);
  const { deployments, ...rest } = await fleet.api.deploy({ body: wanted.value });
  if (deployments[0] === undefined) throw new Error(`${name} got no order: ${JSON.stringify(rest)}`);
  return deployments[0];
}

/** Waits for the end of one deployment. */
export async function endOf(fleet: LocalFleet, deployment: DeploymentView, timeoutMs = 60_000): Promise<Ended> {
  const [ended] = await untilEnded(fleet, [deployment], () => {}, timeoutMs);
  if (ended === undefined) throw new Error('nothing to wait for');
  return ended;
}

/** Deploys one release to one robot and waits for the end. */
export async function deploy(fleet: LocalFleet, robot: Named, release: string): Promise<Ended> {
  return endOf(fleet, await begin(fleet, robot, release));
}

/** The application itself says that it runs `release`. */
export async function expectRunning(robot: LivingRobot, release: string): Promise<void> {
  const health = await waitFor(`${robot.name} to answer`, () => robot.health());
  expect(health.release).toBe(release);
}

/** Waits until the deployment stands at `state` (or beyond: the robot may be faster than we look). */
export async function untilState(fleet: LocalFleet, { deployment }: DeploymentView, state: string): Promise<void> {
  await waitFor(`${deployment} to be ${state}`, async () => {
    const { events } = await fleet.api.showDeployment({ params: { deployment } });
    return events.find((event) => event.state === state);
  });
}

export const historyOf = async (fleet: LocalFleet, robot: Named) =>
  (await fleet.api.robotHistory({ params: { robot: robot.name as RobotId } })).items;
