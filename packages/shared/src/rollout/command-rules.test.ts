import { describe, expect, test } from 'vitest';
import type { ComponentName, RolloutId } from '../ids.ts';
import { type CommandContext, type CommandedRollout, ROLLOUT_VERBS, refuseCommand } from './command-rules.ts';
import { ROLLOUT_STATES, type RolloutState } from './states.ts';
import { NO_TALLY } from './tally.ts';

const component = 'duck-policy' as ComponentName;
const rollout = (more: Partial<CommandedRollout> = {}): CommandedRollout => ({
  rollout: 'ro_0123456789' as RolloutId,
  state: 'running',
  spec: { kind: 'deploy', strategy: 'blue-green', component },
  stage: 0,
  stages: [{ state: 'running' }, { state: 'pending' }],
  ...more,
});
const ready: CommandContext = { tally: { ...NO_TALLY, states: { waiting: 2 }, ready: 2 }, unplaced: 0 };
const FOLLOWER = 'ro_9876543210' as RolloutId;

const acceptedIn = (verb: (typeof ROLLOUT_VERBS)[number], more: Partial<CommandedRollout> = {}): RolloutState[] =>
  ROLLOUT_STATES.filter((state) => refuseCommand(verb, rollout({ ...more, state }), ready) === undefined);

describe('a rollout accepts', () => {
  test.each([
    ['approve', ['awaiting-approval']],
    ['deny', ['awaiting-approval']],
    ['pause', ['scheduled', 'running']],
    ['resume', ['paused', 'halted']],
    ['promote', ['running', 'paused', 'halted']],
    ['abort', ['awaiting-approval', 'scheduled', 'running', 'paused', 'halted']],
    ['switch', ['running']],
    ['finalise', ['completed']],
    ['retry', ['running', 'paused', 'halted', 'completed', 'ended-without-robots']],
  ] as const)('%s in the states %j', (verb, states) => {
    expect(acceptedIn(verb)).toEqual(states);
  });

  test('neither resume, promote nor retry while another rollout undoes it', () => {
    const undone = { followedBy: FOLLOWER };
    expect(acceptedIn('resume', undone)).toEqual(['paused']);
    expect(acceptedIn('promote', undone)).toEqual(['running', 'paused']);
    expect(acceptedIn('retry', undone)).toEqual(['running', 'paused']);
  });

  test('promote only where a stage is at work', () => {
    const last = { state: 'passed' } as const;
    expect(refuseCommand('promote', rollout({ stage: 1 }), ready)?.detail).toBe('Its stage has not begun yet.');
    expect(refuseCommand('promote', rollout({ stage: 2, stages: [last, last] }), ready)?.detail).toBe(
      'All its stages have passed already.',
    );
  });

  test('switch only once every robot of the stage is staged, and a second time without effect', () => {
    const late = { ...ready, unplaced: 1 };
    expect(refuseCommand('switch', rollout(), late)?.detail).toBe('2 robots are ready, 1 are not.');
    expect(refuseCommand('switch', rollout({ switchingSince: 1 }), late)).toBeUndefined();
  });

  test('abort with revert after its end only where it was aborted or is being undone', () => {
    const context = { ...ready, revert: true };
    const ended = (state: RolloutState, isUndone: boolean) =>
      refuseCommand('abort', rollout({ state }), { ...context, isUndone })?.detail;
    expect(ended('aborted', false)).toBeUndefined();
    expect(ended('completed', true)).toBeUndefined();
    expect(ended('completed', false)).toBe('It is completed already.');
  });

  test('no way back from a rollback', () => {
    const spec = { kind: 'rollback', strategy: 'blue-green', component } as const;
    const says = 'ro_0123456789 is a rollback, and a rollback is not reverted. Nothing was done.';
    expect(refuseCommand('abort', rollout({ spec }), { ...ready, revert: true })?.detail).toBe(says);
    expect(refuseCommand('switch-back', rollout({ spec, switchingSince: 1 }), ready)?.detail).toBe(says);
    expect(refuseCommand('abort', rollout({ spec }), ready)).toBeUndefined();
  });

  test('no command on a rollback that has ended, and advises neither to stop it nor to go further back', () => {
    const ended = rollout({ state: 'completed', spec: { kind: 'rollback', strategy: 'rolling', component } });
    const hint = 'To bring robots forward again, name the release: fairlead deploy --release duck-policy@VERSION.';
    for (const revert of [false, true]) expect(refuseCommand('abort', ended, { ...ready, revert })?.hint).toBe(hint);
  });

  test('switch, switch-back and finalise only of the strategy blue-green', () => {
    const canary = rollout({ spec: { kind: 'deploy', strategy: 'canary', component } });
    const refused = ROLLOUT_VERBS.filter((verb) =>
      refuseCommand(verb, canary, ready)?.detail.includes('only blue-green'),
    );
    expect(refused).toEqual(['switch', 'switch-back', 'finalise']);
  });
});
