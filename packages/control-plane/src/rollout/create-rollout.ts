/** Beat 3, for many: an operator's wish becomes a rollout, checked as far as it can be before anybody is asked. */
import type { rolloutApi } from '@fairlead/shared/api/rollout-api';
import type { RequestOf } from '@fairlead/shared/api/route';
import { ENVIRONMENTS, type EnvironmentName, sayRelease } from '@fairlead/shared/ids';
import type { Rollout } from '@fairlead/shared/rollout/rollout';
import type { RolloutSpec } from '@fairlead/shared/rollout/rollout-spec';
import { allAtOnce, allBackAtOnce, blueGreen, checkShape, rolling, staged } from '@fairlead/shared/rollout/strategy';
import { SECOND } from '@fairlead/shared/time';
import { readRelease } from '../assign/deploy.ts';
import { ranBefore } from '../assign/ran-before.ts';
import { resolveTarget } from '../assign/resolve-target.ts';
import { readSelector } from '../fleet/list-robots.ts';
import { isAtLeast } from '../http/authenticate.ts';
import type { PersonCaller } from '../http/caller.ts';
import { problem } from '../http/problem.ts';
import { changeRollout } from './change-rollout.ts';
import { needWayBack } from './need-way-back.ts';
import { newRollout } from './new-rollout.ts';
import type { RolloutDeps } from './rollout-deps.ts';
import { rollbackToJoin } from './undoing.ts';

type CreateBody = RequestOf<(typeof rolloutApi)['createRollout']>['body'];
type RollbackBody = RequestOf<(typeof rolloutApi)['createRollback']>['body'];
export type Author = Pick<PersonCaller, 'name' | 'role' | 'actor'>;
/** The rollout as it stands after a command. */
export interface Commanded {
  readonly rollout: Rollout;
  /** The robots were on their way back already: no second undoing was made. */
  readonly joined: boolean;
}

const EMERGENCY = 100;
const USUAL = 50;
const RETREAT = 80;

export async function createRollout(deps: RolloutDeps, body: CreateBody, author: Author): Promise<Rollout> {
  const environment = await environmentOf(deps, body);
  const { component, version, target, newRobots, onFailure, priority, startAt, allowDowngrade, seed } = body;
  const { reason, emergency } = body;
  const { rollout } = await order(deps, author, {
    kind: 'deploy',
    component,
    version,
    environment,
    target,
    ...shapeOf(body.shape),
    newRobots: newRobots ?? 'leave-out',
    onFailure: onFailure ?? deps.rules().environment(environment).onFailure,
    priority: priority ?? (emergency ? EMERGENCY : USUAL),
    ...present({ startAt, allowDowngrade, seed, reason, emergency }),
  });
  return rollout;
}

/**
 * Going back is what a fleet must always be able to do: it needs no approval. Where the same robots go back the
 * same way already, that rollback is answered and no second one is made.
 */
export async function createRollback(deps: RolloutDeps, body: RollbackBody, author: Author): Promise<Commanded> {
  const environment = await environmentOf(deps, body);
  const { component, toVersion: version, target, reason, emergency, confirmAbandoned } = body;
  return order(deps, author, {
    kind: 'rollback',
    component,
    environment,
    target,
    ...(body.shape?.strategy === 'all-at-once' ? allBackAtOnce() : shapeOf(body.shape)),
    newRobots: 'leave-out',
    onFailure: 'pause',
    priority: emergency ? EMERGENCY : RETREAT,
    ...present({ version, reason, emergency, confirmAbandoned }),
  });
}

async function order(deps: RolloutDeps, author: Author, spec: RolloutSpec): Promise<Commanded> {
  const { store, clock } = deps;
  const shape = checkShape(spec);
  if (!shape.ok) {
    const { at, message } = shape.refused;
    throw problem('bad_request', `${at} ${message}.`, { mistakes: [{ at, message }] });
  }
  for (const { upTo } of spec.stages) if ('selector' in upTo) readSelector(upTo.selector);
  await needRelease(deps, spec);
  if (spec.kind === 'rollback') await needWayBack(deps, spec);
  const rules = deps.rules().environment(spec.environment);
  if (spec.emergency && !isAtLeast(author.role, rules.breakGlassRole)) {
    throw problem('forbidden', `Breaking the glass in ${spec.environment} takes ${rules.breakGlassRole}.`, {
      hint: 'Ask somebody with that role, or leave --emergency out.',
    });
  }
  const now = clock.now();
  const skipsApproval = spec.emergency?.skips.includes('approval') || (await isWayBack(deps, spec));
  const needed = skipsApproval ? 0 : rules.approvals;
  const rollout = newRollout({
    id: deps.newRolloutId(),
    spec,
    by: author.name,
    now,
    ...(needed > 0 && { approval: { needed, expiresAt: now + rules.approvalTtlSec * SECOND } }),
  });
  const what = sayOrder(spec);
  const joined = await store.transaction(async (slices) => {
    // Transactions run one after the other: of two requests in one moment, the second finds the first.
    const undone = 'updatedBy' in spec.target ? await slices.rollouts.find(spec.target.updatedBy) : undefined;
    const atWork = spec.kind === 'rollback' ? await rollbackToJoin(deps, slices, spec, undone) : undefined;
    if (atWork) return atWork;
    if (undone && spec.kind === 'rollback') {
      const happening = { by: author.name, what: 'undone', detail: `by ${rollout.rollout}` };
      await changeRollout(slices, undone, { followedBy: rollout.rollout }, now, happening);
    }
    const detail = spec.reason === undefined ? what : `${what}: ${spec.reason}`;
    await slices.rollouts.insert(rollout, { at: now, by: author.name, what: 'created', detail });
    await deps.audit(slices, {
      by: author.actor,
      action: spec.emergency ? 'rollout.break-glass' : 'rollout.create',
      element: rollout.rollout,
      detail: spec.emergency ? `${what}; steps over ${spec.emergency.skips.join(', ')}` : what,
      reason: spec.emergency?.reason ?? spec.reason,
      loud: spec.emergency !== undefined,
      at: now,
    });
    return undefined;
  });
  deps.poke((joined ?? rollout).rollout);
  return { rollout: joined ?? rollout, joined: joined !== undefined };
}

/** Nobody is asked before robots go back to what ran there; `rollback --to` a new release is no way back. */
async function isWayBack({ store }: RolloutDeps, { kind, component, version, environment }: RolloutSpec) {
  if (kind !== 'rollback') return false;
  return version === undefined || ranBefore(store, environment, { component, version });
}

const sayOrder = ({ kind, component, version, environment }: RolloutSpec): string =>
  version === undefined
    ? `${component} back to the previous release in ${environment}`
    : `${sayRelease({ component, version })} in ${environment}${kind === 'rollback' ? ' (rollback)' : ''}`;

async function needRelease({ store }: RolloutDeps, { component, version, environment }: RolloutSpec): Promise<void> {
  if (version === undefined) {
    if ((await store.releases.highestCounter(environment, component)) > 0) return;
    throw problem('not_found', `No release of ${component} was ever published in ${environment}.`, {
      hint: 'Is the name right? See fairlead release list.',
    });
  }
  const release = await readRelease(store, environment, { component, version });
  const what = sayRelease({ component, version });
  if (!release) {
    throw problem('not_found', `${what} is not published in ${environment}.`, {
      hint: `See fairlead release list, or publish it: fairlead release publish FILE --env ${environment}`,
    });
  }
  if (release.published.revoked) {
    throw problem('refused', `${what} was revoked in ${environment}.`, { hint: 'Choose another release.' });
  }
}

/** A rollout stays in one environment: robots of another one need another signature, and other rules. */
async function environmentOf(
  { store, factsOf }: RolloutDeps,
  body: CreateBody | RollbackBody,
): Promise<EnvironmentName> {
  const robots = (await resolveTarget(store, body.target, factsOf)).filter(({ lifecycle }) => lifecycle === 'accepted');
  const found = ENVIRONMENTS.filter((name) => robots.some(({ environment }) => environment === name));
  const { environment } = body;
  if (environment !== undefined) {
    if (found.includes(environment)) return environment;
    throw problem('not_found', `No accepted robot of that target is in ${environment}.`, {
      hint: `They are in ${found.join(', ') || 'no environment'}: see fairlead robot list.`,
    });
  }
  const [only, ...others] = found;
  if (only && others.length === 0) return only;
  if (!only) throw problem('not_found', 'No accepted robot is meant by that.', { hint: 'See fairlead robot list.' });
  throw problem('bad_request', `That target has robots in ${found.join(' and ')}.`, {
    hint: 'A rollout stays in one environment: name it with --env.',
    mistakes: [{ at: '/environment', message: 'is needed here' }],
  });
}

function shapeOf(
  shape: CreateBody['shape'] = { strategy: 'staged' },
): Pick<RolloutSpec, 'strategy' | 'stages' | 'switchAt'> {
  if ('stages' in shape) {
    const { strategy, stages, switchAt } = shape;
    return { strategy: strategy === 'custom' ? 'canary' : strategy, stages, ...present({ switchAt }) };
  }
  switch (shape.strategy) {
    case 'staged':
      return staged();
    case 'all-at-once':
      return allAtOnce();
    case 'rolling':
      return rolling(shape.size, shape.delaySec, shape.maxUnavailable);
    case 'blue-green':
      return { ...blueGreen(), ...present({ switchAt: shape.switchAt }) };
  }
}

/** Without the keys that were not given: an absent key is not the same as one that says undefined. */
const present = <T extends object>(given: T): { [K in keyof T]?: Exclude<T[K], undefined> } =>
  Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>;
  };
