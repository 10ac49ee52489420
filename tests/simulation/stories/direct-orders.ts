/** Two operators give direct orders, withdraw them and roll back, each without asking the other. */

import type { Target } from '@fairlead/shared/fleet/target';
import type { DeploymentId, RobotId, Sha256 } from '@fairlead/shared/ids';
import { HOUR, MINUTE } from '@fairlead/shared/time';
import type { VirtualRobot } from '../robot/robot-handle.ts';
import type { Stage, Story } from '../stage.ts';
import { chanceOf } from '../world/chance.ts';
import type { Person } from '../world/people.ts';
import { COMPONENT } from '../world/publisher.ts';
import type { Release } from '../world/world.ts';
import { sayTarget, sayTemper, targetOf, temperOf } from './shapes.ts';

/** The last orders come early enough that everybody can have ended. */
const LAST_ORDER = 0.5 * HOUR;

export const directOrders: Story = {
  name: 'direct-orders',
  async begin(stage) {
    const { world, publish, tell } = stage;
    const chance = chanceOf(world.seed, 'story');
    const releases: Release[] = [];
    for (let minor = 1; minor <= 4; minor += 1) {
      const temper = temperOf(chance);
      releases.push(await publish(`1.${minor}.0`, temper));
      tell(`1.${minor}.0 is published${sayTemper(temper)}`);
    }
    for (const operator of stage.operators) {
      stage.begin(() => actAtRandom(stage, operator, releases));
    }
  },
};

async function actAtRandom(stage: Stage, operator: Person, releases: readonly Release[]): Promise<void> {
  const { world, tell } = stage;
  const chance = chanceOf(world.seed, 'orders of', operator.name);
  const given: DeploymentId[] = [];
  while (world.agenda.now() < world.healsAt - LAST_ORDER) {
    await world.agenda.sleep(chance.waiting(20 * MINUTE));
    const target = targetOf(chance);
    const release = releases[chance.whole(releases.length)];
    if (!release) return;
    if (chance.happens(0.6)) {
      order(stage, target, release.manifestSha256);
      const body = { target, component: COMPONENT, version: release.version, allowDowngrade: chance.happens(0.5) };
      const answer = await operator.try((api, options) => api.deploy({ body }, options));
      if (answer.ok) for (const { deployment } of answer.value.deployments.slice(0, 50)) given.push(deployment);
      tell(
        `${operator.name} orders ${release.version} of ${sayTarget(target)}: ${answer.ok ? `${answer.value.deployments.length} deployments` : answer.code}`,
      );
    } else if (chance.happens(0.5)) {
      for (const one of releases) order(stage, target, one.manifestSha256);
      const body = { target, component: COMPONENT };
      const answer = await operator.try((api, options) => api.rollBack({ body }, options));
      tell(
        `${operator.name} rolls ${sayTarget(target)} back: ${answer.ok ? `${answer.value.deployments.length} deployments` : answer.code}`,
      );
    } else {
      const deployment = given[chance.whole(Math.max(1, given.length))];
      if (deployment === undefined) continue;
      const answer = await operator.try((api) => api.cancelDeployment({ params: { deployment } }));
      tell(`${operator.name} withdraws one deployment: ${answer.ok ? 'done' : answer.code}`);
    }
  }
}

function order({ fleet, world }: Stage, target: Target, release: Sha256): void {
  const names: RobotId[] = [];
  for (const [name, robot] of fleet) if (isMeant(target, robot)) names.push(name);
  world.overseer.orders(release, names);
}

/** Whom a target means, found without the server. */
export function isMeant(target: Target, { traits }: VirtualRobot): boolean {
  if ('robot' in target) return traits.name === target.robot;
  if ('group' in target) return traits.group === target.group;
  if ('selector' in target) return target.selector === `site=${traits.labels['site']}`;
  return 'all' in target;
}
