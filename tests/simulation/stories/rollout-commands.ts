/** Commands to one rollout. Who stops it and who lets it go on is recorded for the audits. */
import type { RolloutView } from '@fairlead/shared/api/rollout-api';
import type { RolloutId } from '@fairlead/shared/ids';
import { hasEnded } from '@fairlead/shared/rollout/states';
import type { Static } from 'typebox';
import type { Chance } from '../world/chance.ts';
import type { Answer, Person } from '../world/people.ts';
import type { Feature } from '../world/swarm.ts';
import type { OperatorContext } from './operator-context.ts';
import { describeTarget } from './random-orders.ts';

type View = Static<typeof RolloutView>;
export const VERBS = [
  'pause',
  'resume',
  'promote',
  'abort',
  'abort --revert',
  'retry',
  'switch',
  'switch-back',
  'finalize',
  'approve',
  'deny',
] as const;
export type Verb = (typeof VERBS)[number];

interface Definition {
  /** The features that enable it; none: always. */
  readonly feature?: Feature;
  /** How often compared with the others. */
  readonly weight: number;
  readonly applies: (view: View) => boolean;
}
const isOpen = ({ state }: View): boolean => !hasEnded(state);
const isStopped = ({ state }: View): boolean => state === 'paused' || state === 'halted';
const isBlueGreen = ({ spec }: View): boolean => spec.strategy === 'blue-green';

export const DEFINITIONS: Readonly<Record<Verb, Definition>> = {
  pause: { feature: 'pause', weight: 1, applies: ({ state }) => state === 'running' || state === 'scheduled' },
  resume: { weight: 2, applies: isStopped },
  promote: { feature: 'promote', weight: 1, applies: isOpen },
  abort: { feature: 'abort', weight: 0.5, applies: isOpen },
  'abort --revert': { feature: 'abort-revert', weight: 1, applies: isOpen },
  retry: { feature: 'retry', weight: 1, applies: () => true },
  switch: { weight: 3, applies: (view) => isBlueGreen(view) && isOpen(view) && view.switchingSince === undefined },
  'switch-back': {
    feature: 'switch-back',
    weight: 3,
    applies: (view) => isBlueGreen(view) && view.switchingSince !== undefined,
  },
  finalize: { feature: 'finalize', weight: 0.5, applies: (view) => isBlueGreen(view) && view.state === 'completed' },
  approve: { feature: 'approvals', weight: 6, applies: ({ state }) => state === 'awaiting-approval' },
  deny: { feature: 'approvals', weight: 0.5, applies: ({ state }) => state === 'awaiting-approval' },
};

/** A verb that the swarm enables and that fits the rollout; undefined where none does. */
export function drawVerb(context: OperatorContext, view: View, chance: Chance): Verb | undefined {
  const { swarm } = context.stage.world;
  const weights = VERBS.map((verb) => {
    const { feature, weight, applies } = DEFINITIONS[verb];
    const rate = feature === undefined ? 1 : swarm.rate(feature);
    return { verb, weight: applies(view) ? weight * rate : 0 };
  });
  let left = chance.next() * weights.reduce((sum, { weight }) => sum + weight, 0);
  return weights.find(({ weight }) => (left -= weight) < 0)?.verb;
}

/** Answers whether the server did it. */
export async function commandRollout(
  context: OperatorContext,
  person: Person,
  verb: Verb,
  rollout: RolloutId,
): Promise<boolean> {
  const { stage, stops } = context;
  const shown = await person.must((api) => api.showRollout({ params: { rollout } }));
  if (!DEFINITIONS[verb].applies(shown)) return false;
  const isStop = verb === 'pause' || verb.startsWith('abort') || verb === 'deny';
  const done = isStop ? stops.stop(rollout) : stops.go(rollout);
  const answer = await send(person, verb, rollout);
  if (answer.ok || !isStop) done();
  const what = `${shown.spec.version ?? 'back'} to ${describeTarget(shown.spec.target)}`;
  stage.tell(`${person.name}: ${verb} ${what}: ${answer.ok ? answer.value.state : answer.code}`);
  return answer.ok;
}

function send(person: Person, verb: Verb, rollout: RolloutId): Promise<Answer<View>> {
  const call = { params: { rollout }, body: {} };
  return person.try((api, options) => {
    switch (verb) {
      case 'pause':
        return api.pauseRollout(call, options);
      case 'resume':
        return api.resumeRollout(call, options);
      case 'promote':
        return api.promoteRollout(call, options);
      case 'abort':
        return api.abortRollout(call, options);
      case 'abort --revert':
        return api.abortRollout({ ...call, body: { revert: true } }, options);
      case 'retry':
        return api.retryRollout(call, options);
      case 'switch':
        return api.switchRollout(call, options);
      case 'switch-back':
        return api.switchBackRollout(call, options);
      case 'finalize':
        return api.finaliseRollout(call, options);
      case 'approve':
        return api.approveRollout(call, options);
      case 'deny':
        return api.denyRollout(call, options);
    }
  });
}
