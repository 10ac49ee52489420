import type { RobotId } from '@fairlead/shared/ids';
import { expect, test } from 'vitest';
import { type AskDeps, createQuestioner } from './ask-for-assignment.ts';

type Reply = Awaited<ReturnType<AskDeps['client']['checkIn']>>;
const pace = { intervalSec: 30, jitterSec: 0, waitSec: 25 };
const reply: Reply = { lifecycle: 'accepted', next: pace, serverTime: '2026-11-28T12:00:00.000Z' };
const newer: Reply = { ...reply, understands: ['hold', 'next'] };

/** Asks once per answer; what the robot said to understand, question by question. */
async function understoodBy(answers: readonly (Reply | Error)[]) {
  const understood: unknown[] = [];
  const questioner = createQuestioner({
    robot: 'duck-1' as RobotId,
    bootId: 'boot',
    client: {
      checkIn: async (input) => {
        const answer = answers[understood.push(input.body.understands) - 1];
        if (answer === undefined || answer instanceof Error) throw answer ?? new Error('no answer');
        return answer;
      },
    },
    trust: { lastAssignment: () => undefined, versions: () => ({ root: 1, timestamp: 1, snapshot: 1, role: 1 }) },
    facts: {
      inventory: async () => ({ arch: 'x64', os: 'linux' }) as never,
      vitals: async () => ({ uptimeSec: 1 }) as never,
    },
    components: async () => [],
    activity: () => ({ state: 'idle' }),
    unsentReports: () => 0,
    acknowledgedReports: () => 0,
    onReportsMissing: () => undefined,
    metrics: () => ({}),
    monotonic: () => 0,
  });
  for (const _ of answers) await questioner.ask(0, new AbortController().signal).catch(() => undefined);
  return understood;
}

test('a robot asks an older control plane for no signed pace: it would refuse the question', async () => {
  expect(await understoodBy([reply, reply])).toEqual([['hold'], ['hold']]);
});

test('a robot asks for the signed pace as soon as the control plane says that it signs one', async () => {
  expect(await understoodBy([newer, newer])).toEqual([['hold'], ['hold', 'next']]);
});

test('a robot whose control plane was set back to an older version is heard by its second question', async () => {
  expect(await understoodBy([newer, new Error('400'), reply])).toEqual([['hold'], ['hold', 'next'], ['hold']]);
});
