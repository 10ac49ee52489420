/** The robot's own say: its conditions in order, the application last of all, and an override that is never silent. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { accept, type Refusal, refuse } from '@fairlead/shared/failure';
import type { OrderTerms, Skippable } from '@fairlead/shared/trust/assignment';
import { expect, test } from 'vitest';
import type { SafeState } from '../conditions/safe-state.ts';
import { allOf } from './switch-permission.ts';
import { testRobot } from './testing/test-robot.ts';
import type { UpdaterDeps } from './updater.ts';

const refusal = (category: string): Refusal => ({
  phase: 'wait',
  element: category,
  category,
  detail: category,
  retryable: true,
  hint: '',
});

/** A robot on 1.0.0 of which these conditions do not hold until somebody takes them out of the set. */
async function robotWith(against: Set<string>, more: Partial<UpdaterDeps> = {}) {
  const asked: string[] = [];
  const seen: (string | undefined)[] = [];
  let naps = 0;
  const condition = (kind: Skippable, category: string) => ({
    kind,
    ask: async () =>
      against.has(category)
        ? { granted: false as const, reason: refusal(category), askAgainInMs: 1000 }
        : { granted: true as const },
  });
  const safeState: SafeState = {
    ask: async (_question, final) => {
      asked.push(final ? 'may it, now?' : 'may it?');
      const no = against.has('not_safe') || (final && against.delete('not_safe_at_last'));
      return no ? { ...refuse(refusal('not_safe')), retryAfterMs: 7000 } : accept(undefined);
    },
    over: (_question, outcome) => asked.push(outcome),
  };
  const robot = await testRobot({
    permission: allOf([
      condition('window', 'outside_window'),
      condition('precondition', 'moving'),
      condition('lease', 'busy_lease'),
    ]),
    sleep: async (ms) => {
      robot.time.elapsed += ms;
      await nextTurn();
      if (robot.updater.activity().state !== 'waiting') return;
      seen.push(robot.updater.activity().refusal?.category);
      naps += 1;
      if (naps > 100_000) throw new Error('it waits for ever');
      // What blocks is what a person clears next.
      against.delete(seen.at(-1) ?? '');
    },
    safeState,
    ...more,
  });
  const held = new Set(against);
  against.clear();
  await robot.updater.offer(await robot.release('1.0.0'));
  for (const each of held) against.add(each);
  asked.length = 0;
  const order = await robot.release('2.0.0');
  const hear = (terms: OrderTerms): Promise<void> =>
    robot.updater.hear([
      { ...order, target: { path: 'x', version: '2.0.0' as never, sha256: 'x' as never, length: 1 }, ...terms },
    ]);
  return { robot, order, asked, seen, hear };
}

test('a robot says the one thing that blocks it: window, then precondition, then lease, then the application', async () => {
  const { robot, order, seen, asked } = await robotWith(
    new Set(['busy_lease', 'moving', 'outside_window', 'not_safe']),
  );
  await robot.updater.offer(order);
  expect(seen).toEqual(['outside_window', 'moving', 'busy_lease', 'not_safe']);
  expect(asked).toEqual(['may it?', 'may it?', 'may it, now?', 'switched']);
  expect(robot.ends()).toEqual(['succeeded', 'succeeded']);
});

test('none of it delays a download or a test', async () => {
  const states: string[] = [];
  const { robot, order } = await robotWith(new Set(['busy_lease']), {
    runSmokeTests: async () => {
      states.push('tested');
      return accept({ models: [], commands: [] });
    },
  });
  const blobs = robot.blobs.requests.length;
  await robot.updater.offer(order);
  expect([robot.blobs.requests.length - blobs, states.at(-1)]).toEqual([1, 'tested']);
});

test('an application that says no in the last moment is left alone for as long as it asked, and then asked again', async () => {
  const { robot, order, asked, seen } = await robotWith(new Set(['not_safe_at_last']));
  const before = robot.time.elapsed;
  await robot.updater.offer(order);
  expect(asked).toEqual(['may it?', 'may it, now?', 'given-up', 'may it?', 'may it, now?', 'switched']);
  expect(seen).toEqual(['not_safe']);
  expect(robot.time.elapsed - before).toBeGreaterThanOrEqual(7000);
  expect(robot.services.log.filter((line) => line === 'stop duck')).toHaveLength(1);
});

test('the application is asked after the control plane, and neither where a lease was taken meanwhile', async () => {
  const against = new Set<string>();
  const { robot, order, asked, hear } = await robotWith(against);
  await hear({ confirm: true });
  robot.confirmation.answers.push(async () => {
    asked.push('confirmed');
    against.add('busy_lease');
    return { ok: true, value: undefined, heard: true };
  });
  await robot.updater.offer(order);
  expect(asked).toEqual(['may it?', 'confirmed', 'given-up', 'may it?', 'may it, now?', 'switched']);
});

test('the application is not asked to stand still for a switch that is held', async () => {
  const { robot, order, asked, hear } = await robotWith(new Set());
  await hear({ hold: refusal('stage_waits') });
  const ended = robot.updater.offer(order);
  await expect.poll(() => robot.updater.activity().ready).toBe(true);
  expect(asked).toEqual([]);
  await hear({});
  await ended;
  expect(asked).toEqual(['may it?', 'may it, now?', 'switched']);
});

test('an application that made itself safe for an update which is then called off hears that it is over', async () => {
  let callOff = (): void => undefined;
  const told: string[] = [];
  const { robot, order } = await robotWith(new Set(), {
    safeState: {
      ask: async () => {
        callOff();
        return accept(undefined);
      },
      over: (_question, outcome) => told.push(outcome),
    },
  });
  callOff = () => robot.updater.requestCancel(order.deployment);
  await robot.updater.offer(order);
  expect(told).toEqual(['switched', 'given-up']);
  expect(robot.ends()).toEqual(['succeeded', 'cancelled: cancelled']);
});

test('an override steps over what it names, and what it stepped over is told before anything stops', async () => {
  const { robot, order, seen, hear } = await robotWith(new Set(['outside_window', 'busy_lease', 'not_safe', 'moving']));
  const override = { by: 'ann', reason: 'recall', skips: ['window', 'lease', 'safe-state'] as Skippable[] };
  await hear({ override });
  await robot.updater.offer(order);
  // It does not name the precondition.
  expect(seen).toEqual(['moving']);
  const told = robot.reports.filter(({ event }) => event === 'override');
  expect(told).toMatchObject([
    {
      deployment: order.deployment,
      by: 'ann',
      reason: 'recall',
      skipped: [{ category: 'outside_window' }, { category: 'busy_lease' }, { category: 'not_safe' }],
    },
  ]);
  expect(robot.reports.findIndex(({ event }) => event === 'override')).toBeLessThan(
    robot.reports.findIndex(
      (report) =>
        report.event === 'update-state' && report.state === 'probation' && report.deployment === order.deployment,
    ),
  );
});

test('an override that had nothing to step over says nothing', async () => {
  const { robot, order, hear } = await robotWith(new Set());
  await hear({ override: { by: 'ann', reason: 'recall', skips: ['lease'] } });
  await robot.updater.offer(order);
  expect(robot.reports.filter(({ event }) => event === 'override')).toEqual([]);
});

test('over a metered link nothing is downloaded where agent.yaml says so, until the link changes', async () => {
  let metered = 3;
  const robot = await testRobot({
    mayDownload: async () => (metered-- > 0 ? { ...refusal('metered_link'), phase: 'download' } : undefined),
  });
  await robot.updater.offer(await robot.release('1.0.0'));
  expect([metered, robot.blobs.requests.length]).toEqual([-1, 1]);
  expect(robot.ends()).toEqual(['succeeded']);
});
