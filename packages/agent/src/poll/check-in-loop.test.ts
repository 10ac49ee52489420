import { setTimeout as sleep } from 'node:timers/promises';
import { Unreachable } from '@fairlead/shared/api/client';
import { accept, type Refusal, refuse } from '@fairlead/shared/failure';
import { testClock } from '@fairlead/shared/testing/test-clock';
import { expect, test } from 'vitest';
import { createBell } from '../bell.ts';
import type { Asked } from './ask-for-assignment.ts';
import { type CheckInDeps, createCheckInLoop } from './check-in-loop.ts';

const envelope = { payloadType: '', payload: '', signatures: [] };
const down = new Unreachable(new URL('http://fleet.example'), new Error('cable out'));
const expired: Refusal = {
  phase: 'check-in',
  element: 'trust metadata',
  category: 'expired',
  detail: '',
  retryable: true,
  hint: '',
};

/** Answers the questions in turn; the last answer is repeated after a wait, as a long-poll is. */
function robotHearing(answers: (Partial<Asked['reply']> | Error)[], change: Partial<CheckInDeps> = {}) {
  const patience: number[] = [];
  const obeyed: number[] = [];
  const warnings: string[] = [];
  const stop = new AbortController();
  const bell = createBell();
  const loop = createCheckInLoop({
    pulse: { promise: () => {} },
    join: async () => undefined,
    questioner: {
      ask: async (waitSec, signal) => {
        patience.push(waitSec);
        const answer = answers.length > 1 ? answers.shift() : answers[0];
        if (answer instanceof Error) throw answer;
        if (waitSec > 0) await sleep(60_000, undefined, { signal, ref: false });
        const next = { intervalSec: 30, jitterSec: 0, waitSec: 25 };
        const reply: Asked['reply'] = { lifecycle: 'accepted', next, serverTime: '', ...answer };
        return { nonce: '', askedAt: 0, answeredAt: 0, reply };
      },
    },
    open: async () => accept({ assignment: { seq: 1, components: [] } as never }),
    obedience: {
      obey: async ({ assignment }) => void obeyed.push(assignment.seq),
      activity: () => ({ state: 'idle' }),
      settled: async () => undefined,
    },
    enforce: async () => undefined,
    overrides: undefined,
    clock: testClock(0),
    random: () => 0,
    bell,
    log: (level, message) => {
      if (level === 'warn') warnings.push(message);
    },
    ...change,
  });
  const run = loop.run(stop.signal);
  const end = async (): Promise<void> => {
    stop.abort();
    await run;
  };
  return { loop, patience, obeyed, warnings, bell, end };
}

test('the first question is answered at once, the next ones may wait for news', async () => {
  const { patience, obeyed, end } = robotHearing([{ assignment: envelope as never }]);
  await expect.poll(() => patience).toEqual([0, 25]);
  await end();
  expect(obeyed).toEqual([1]);
});

test('whoever rings gets a new question at once, in the middle of a long-poll', async () => {
  const { patience, warnings, bell, end } = robotHearing([{}]);
  await expect.poll(() => patience).toEqual([0, 25]);
  bell.ring();
  await expect.poll(() => patience).toEqual([0, 25, 0, 25]);
  await end();
  expect(warnings).toEqual([]);
});

test('attack 108: an answer with a pace that no control plane asks for neither hurries nor silences a robot', async () => {
  const hurried = robotHearing([{ next: { intervalSec: 1e10, jitterSec: 0, waitSec: 0 } }]);
  const silenced = robotHearing([{ next: { intervalSec: 30, jitterSec: 0, waitSec: 1e9 } }]);
  await sleep(200);
  expect([hurried.patience, silenced.patience]).toEqual([[0], [0, 120]]);
  await hurried.end();
  await silenced.end();
});

test('attack 135: from the first signed pace on, a pace that nobody signed counts no longer', async () => {
  const slow = { intervalSec: 3600, jitterSec: 0, waitSec: 0 };
  const signed = { intervalSec: 30, jitterSec: 0, waitSec: 25 };
  const envelopes = [{ assignment: envelope as never }, { assignment: envelope as never, next: slow }, { next: slow }];
  let seq = 0;
  const { patience, bell, end } = robotHearing(envelopes, {
    open: async () => accept({ assignment: { seq: ++seq, components: [], next: signed } as never }),
  });
  // Rung for, every question is answered at once: only the pace decides what the next one is.
  for (const asked of [2, 4, 6]) {
    await expect.poll(() => patience.length).toBe(asked);
    bell.ring();
  }
  await expect.poll(() => patience).toEqual([0, 25, 0, 25, 0, 25, 0, 25]);
  await end();
});

test('a robot whose server is down says so, and asks again until it is back', async () => {
  const { loop, patience, end } = robotHearing([down, down, {}]);
  await expect.poll(() => patience.length).toBeGreaterThan(0);
  expect(loop.state().trouble?.category).toBe('unreachable');
  await expect.poll(() => loop.state().trouble).toBeUndefined();
  expect(patience.slice(0, 3)).toEqual([0, 0, 0]);
  await end();
});

test('an answer that is refused is not obeyed, and the reason is kept', async () => {
  const { loop, obeyed, end } = robotHearing([{ assignment: envelope as never }], {
    open: async () => refuse(expired),
  });
  await expect.poll(() => loop.state().trouble?.category).toBe('expired');
  expect(obeyed).toEqual([]);
  await end();
});

test('a robot that can’t enrol yet keeps trying and asks nothing', async () => {
  let tries = 0;
  const join = async () => {
    tries += 1;
    if (tries < 3) throw down;
    return undefined;
  };
  const { patience, end } = robotHearing([{}], { join });
  await expect.poll(() => patience.length).toBeGreaterThan(0);
  expect(tries).toBeGreaterThanOrEqual(3);
  await end();
});

test('a robot that can believe nothing is seen all the same, says why, and obeys nobody', async () => {
  const { patience, obeyed, loop, end } = robotHearing([{ assignment: envelope }], { join: async () => expired });
  await expect.poll(() => patience.length).toBeGreaterThan(0);
  await expect.poll(() => loop.state().trouble?.category).toBe('expired');
  expect([obeyed, loop.state().lifecycle]).toEqual([[], 'accepted']);
  await end();
});

test('agent.yaml may turn long-poll off', async () => {
  const { patience, bell, end } = robotHearing([{}], { overrides: { longPollSec: 0 } });
  await expect.poll(() => patience).toEqual([0]);
  bell.ring();
  await expect.poll(() => patience).toEqual([0, 0]);
  await end();
});

test('whoever needs a fresh answer gets one to a question that was asked after he came', async () => {
  const { loop, patience, end } = robotHearing([{}, { assignment: envelope }]);
  await expect.poll(() => patience).toEqual([0, 25]);
  const heard = await loop.askNow(new AbortController().signal);
  expect(heard).toMatchObject({ ok: true, value: { assignment: { seq: 1 } } });
  // The long-poll was given up for it: no two questions of a robot are ever open.
  expect(patience.slice(0, 3)).toEqual([0, 25, 0]);
  await end();
});

test('a question that somebody waits for is not given up for another one', async () => {
  const { loop, patience, bell, end } = robotHearing([{}, { assignment: envelope }]);
  await expect.poll(() => patience).toEqual([0, 25]);
  const heard = [loop.askNow(new AbortController().signal), loop.askNow(new AbortController().signal)];
  bell.ring();
  expect((await Promise.all(heard)).map(({ ok }) => ok)).toEqual([true, true]);
  await end();
});

test('whoever needs an answer hears why there is none', async () => {
  const { loop, patience, end } = robotHearing([{}, {}, down]);
  await expect.poll(() => patience).toEqual([0, 25]);
  const heard = await loop.askNow(new AbortController().signal);
  expect(heard).toMatchObject({ ok: false, refused: { category: 'unreachable' } });
  await end();
  expect(await loop.askNow(AbortSignal.abort())).toMatchObject({ ok: false });
});

test('a robot that is quarantined knows why and says so once in its log, until it is readmitted', async () => {
  const quarantined: Refusal = { ...expired, category: 'failed_updates', detail: 'Its last 3 updates failed.' };
  const answers: Partial<Asked['reply']>[] = [{ quarantined }, { quarantined }, {}];
  const { loop, warnings, bell, end } = robotHearing(answers);
  await expect.poll(() => loop.state().quarantined).toEqual(quarantined);
  expect(warnings).toEqual([expect.stringContaining('Its last 3 updates failed.')]);
  await expect
    .poll(() => {
      bell.ring();
      return loop.state();
    })
    .not.toHaveProperty('quarantined');
  expect(warnings).toHaveLength(1);
  await end();
});
