/** Orders: rollouts, direct orders and the ways back. Before each of them it is recorded which robots may run what. */
import type { Target } from '@fairlead/shared/fleet/target';
import type { RobotId } from '@fairlead/shared/ids';
import { MINUTE, toTimestamp } from '@fairlead/shared/time';
import type { Chance } from '../world/chance.ts';
import { COMPONENT } from '../world/publisher.ts';
import type { Release } from '../world/world.ts';
import { answered, type Command, type OperatorContext } from './operator-context.ts';
import { describeTarget, drawShape, drawTarget } from './random-orders.ts';

const SHARE_OF_ONE = 0.6;

function drawRelease({ releases }: OperatorContext, chance: Chance): Release | undefined {
  return chance.happens(0.7) ? releases.at(-1) : releases[chance.whole(releases.length)];
}
function drawRobot({ stage }: OperatorContext, chance: Chance): RobotId | undefined {
  const names = [...stage.fleet.keys()];
  return names[chance.whole(names.length)];
}
/** A direct order is mostly for one robot. */
function drawDirectTarget(context: OperatorContext, chance: Chance): Target {
  const robot = drawRobot(context, chance);
  return chance.happens(SHARE_OF_ONE) && robot !== undefined ? { robot } : drawTarget(chance);
}

export const createRollout: Command = async (context, person, chance) => {
  const { stage } = context;
  const { world } = stage;
  const release = drawRelease(context, chance);
  if (!release) return undefined;
  const target = drawTarget(chance);
  const takesNewcomers = world.swarm.has('newcomers') && chance.happens(0.4);
  const isScheduled = world.swarm.has('schedule') && chance.happens(0.3 * world.swarm.rate('schedule'));
  const isEmergency = world.swarm.has('emergency') && chance.happens(0.1 * world.swarm.rate('emergency'));
  const startAt = toTimestamp(world.agenda.now() + chance.between(2 * MINUTE, 60 * MINUTE));
  stage.permit(target, release.manifestSha256);
  // Breaking the glass takes an admin.
  const author = isEmergency ? stage.admin : person;
  const answer = await author.try((api, options) =>
    api.createRollout(
      {
        body: {
          target,
          component: COMPONENT,
          version: release.version,
          shape: drawShape(chance, world.swarm),
          onFailure: drawPolicy(context, chance, target),
          priority: chance.oneOf([40, 50, 60]),
          allowDowngrade: chance.happens(0.5),
          newRobots: takesNewcomers ? 'include' : 'leave-out',
          ...(isScheduled && { startAt }),
          ...(isEmergency && {
            emergency: { reason: 'robots fall over', skips: ['approval', 'limits', 'window', 'lease'] },
          }),
        },
      },
      options,
    ),
  );
  if (answer.ok) context.rollouts.push(answer.value.rollout);
  if (answer.ok && isEmergency) stage.unlimited.add(answer.value.rollout);
  const how = `${isEmergency ? 'in an emergency ' : ''}${isScheduled ? `at ${startAt} ` : ''}`;
  const came = answered(answer, ({ spec, stages }) => `${spec.strategy} with ${stages.length} stages`);
  return `rolls out ${release.version} ${how}to ${describeTarget(target)} (${stage.meantBy(target).length} robots): ${came}`;
};

function drawPolicy(context: OperatorContext, chance: Chance, target: Target) {
  const policy = chance.oneOf(['pause', 'halt', 'revert', 'version'] as const);
  if (policy !== 'version') return policy;
  if (!context.stage.world.swarm.has('rollback-to')) return 'revert';
  const release = context.releases[chance.whole(context.releases.length)];
  if (!release) return 'revert';
  context.stage.permit(target, release.manifestSha256, 'named');
  return { toVersion: release.version };
}

/** Absent: each robot goes to its own previous release. */
function drawVersion(context: OperatorContext, target: Target, chance: Chance): Release | undefined {
  const { stage, releases } = context;
  if (!stage.world.swarm.has('rollback-to') || !chance.happens(0.3)) return undefined;
  const release = releases[chance.whole(releases.length)];
  if (!release) return undefined;
  stage.permit(target, release.manifestSha256, 'named');
  return release;
}

export const rollBackInStages: Command = async (context, person, chance) => {
  const { stage } = context;
  const target = drawTarget(chance);
  const release = drawVersion(context, target, chance);
  const answer = await person.try((api, options) =>
    api.createRollback(
      {
        body: {
          target,
          component: COMPONENT,
          ...(release && { toVersion: release.version }),
          shape: chance.happens(0.5) ? { strategy: 'all-at-once' } : drawShape(chance, stage.world.swarm),
        },
      },
      options,
    ),
  );
  if (answer.ok) context.rollouts.push(answer.value.rollout);
  const came = answered(answer, ({ stages }) => `${stages.length} stages`);
  return `rolls ${describeTarget(target)} back in stages${release ? ` to ${release.version}` : ''}: ${came}`;
};

export const rollBack: Command = async (context, person, chance) => {
  const target = drawDirectTarget(context, chance);
  const release = drawVersion(context, target, chance);
  const body = { target, component: COMPONENT, ...(release && { toVersion: release.version }) };
  const answer = await person.try((api, options) => api.rollBack({ body }, options));
  const came = answered(answer, ({ deployments }) => `${deployments.length} deployments`);
  return `rolls ${describeTarget(target)} back${release ? ` to ${release.version}` : ''}: ${came}`;
};

export const deploy: Command = async (context, person, chance) => {
  const { stage } = context;
  const target = drawDirectTarget(context, chance);
  const release = drawRelease(context, chance);
  if (!release) return undefined;
  stage.permit(target, release.manifestSha256);
  const body = { target, component: COMPONENT, version: release.version, allowDowngrade: chance.happens(0.5) };
  const answer = await person.try((api, options) => api.deploy({ body }, options));
  if (answer.ok) context.deployments.push(...answer.value.deployments.slice(0, 50).map(({ deployment }) => deployment));
  const came = answered(answer, ({ deployments }) => `${deployments.length} deployments`);
  return `orders ${release.version} of ${describeTarget(target)}: ${came}`;
};

export const cancelDeployment: Command = async (context, person, chance) => {
  const recent = context.deployments.slice(-30);
  const deployment = recent[chance.whole(Math.max(1, recent.length))];
  if (deployment === undefined) return undefined;
  const answer = await person.try((api) => api.cancelDeployment({ params: { deployment } }));
  return `cancels ${deployment}: ${answered(answer, ({ state }) => state)}`;
};
