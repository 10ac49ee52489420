import { setImmediate as nextTurn } from 'node:timers/promises';
import { type Refusal, refuse } from '@fairlead/shared/failure';
import type { ComponentOrder, OrderTerms } from '@fairlead/shared/trust/assignment';
import { expect, test } from 'vitest';
import type { VerifiedOrder } from '../poll/verified-order.ts';
import type { Confirmation } from './ask-before-switch.ts';
import { type TestRobot, testRobot } from './testing/test-robot.ts';
import type { UpdaterDeps } from './updater.ts';

const refusal = (category: string): Refusal => ({
  phase: 'assign',
  element: 'rollout',
  category,
  detail: 'made up',
  retryable: true,
  hint: '',
});
const HOLD = refusal('stage_waits');
const said = ({ deployment, component, candidate }: VerifiedOrder, terms: OrderTerms): ComponentOrder => ({
  component,
  deployment,
  target: { path: 'x', version: candidate.version, sha256: candidate.manifestSha256, length: 1 },
  ...terms,
});

/** A robot that runs 1.0.0 and was ordered 2.0.0 on these terms; `sleeps` are its naps in `wait`, at most 50. */
async function robotOrdered(
  terms: OrderTerms,
  onSleep: (nap: number, robot: TestRobot, order: VerifiedOrder) => unknown,
  more: Partial<UpdaterDeps> = {},
) {
  let naps = 0;
  let order: VerifiedOrder | undefined;
  const robot: TestRobot = await testRobot({
    ...more,
    sleep: async (ms) => {
      robot.time.elapsed += ms;
      await nextTurn();
      if (order && robot.updater.activity().state === 'waiting') {
        naps += 1;
        if (naps > 50) throw new Error('it waits for ever');
        await onSleep(naps, robot, order);
      }
    },
  });
  await robot.updater.offer(await robot.release('1.0.0'));
  order = await robot.release('2.0.0');
  await robot.updater.hear([said(order, terms)]);
  return { robot, order, naps: () => naps, run: () => robot.updater.offer(order) };
}

test('a held robot downloads, stages, tests and says that it is ready, and switches when the hold is gone', async () => {
  const seen: unknown[] = [];
  const { robot, run } = await robotOrdered({ hold: HOLD }, async (nap, held, order) => {
    seen.push(held.updater.activity(), (await held.slots()).active);
    if (nap === 3) await held.updater.hear([said(order, {})]);
  });
  await run();
  expect(seen.slice(0, 2)).toMatchObject([{ state: 'waiting', ready: true, refusal: HOLD }, '1.0.0']);
  expect(seen).toHaveLength(6);
  expect(robot.ends()).toEqual(['succeeded', 'succeeded']);
  expect(robot.updater.activity()).toEqual({ state: 'idle' });
});

test('what speaks against the switch on the robot itself comes before the hold, and such a robot is not ready', async () => {
  const readiness: boolean[] = [];
  const { robot, run } = await robotOrdered({ hold: HOLD }, async (nap, held, order) => {
    const { ready = false, refusal: why } = held.updater.activity();
    readiness.push(ready);
    expect(why?.category).toBe(ready ? 'stage_waits' : 'outside_window');
    if (nap === 2) await held.updater.hear([said(order, {})]);
  });
  robot.permission.answers.push(false);
  await run();
  expect(readiness).toEqual([false, true]);
});

test('whoever asks for assignments is told when the robot becomes ready', async () => {
  let rung = 0;
  const seen: number[] = [];
  const { robot, run } = await robotOrdered(
    { hold: HOLD },
    async (nap, held, order) => {
      seen.push(rung);
      if (nap === 3) await held.updater.hear([said(order, {})]);
    },
    { onReadiness: () => (rung += 1) },
  );
  robot.permission.answers.push(false);
  await run();
  expect([seen, rung]).toEqual([[0, 1, 1], 1]);
});

test('an order that asks for it is confirmed once, after the candidate was measured; a direct one never', async () => {
  const { robot, run } = await robotOrdered({ confirm: true }, () => undefined);
  expect(robot.confirmation.asked).toBe(0);
  await run();
  expect(robot.confirmation.asked).toBe(1);
  expect(robot.ends()).toEqual(['succeeded', 'succeeded']);
});

test('a grant that was taken back before the switch is no grant: the old release works on', async () => {
  const { robot, order, run, naps } = await robotOrdered({ confirm: true }, async (_nap, held, ordered) => {
    expect(held.updater.activity()).toMatchObject({ ready: true, refusal: HOLD });
    expect([(await held.slots()).active, [...held.services.running]]).toEqual(['1.0.0', ['duck']]);
    await held.updater.hear([said(ordered, { confirm: true })]);
  });
  robot.confirmation.answers.push(async () => {
    await robot.updater.hear([said(order, { confirm: true, hold: HOLD })]);
    return { ...refuse(HOLD), heard: true };
  });
  await run();
  expect(naps()).toBe(1);
  expect(robot.ends()).toEqual(['succeeded', 'succeeded']);
});

test('an order that is gone when the robot asks before its switch is cancelled', async () => {
  const { robot, order, run } = await robotOrdered({ confirm: true }, () => undefined);
  robot.confirmation.answers.push(async () => {
    await robot.updater.hear([]);
    robot.updater.requestCancel(order.deployment);
    return { ...refuse(refusal('withdrawn')), heard: true };
  });
  await run();
  expect(robot.ends()).toEqual(['succeeded', 'cancelled: cancelled']);
  expect(await robot.slots()).toMatchObject({ active: '1.0.0' });
});

test('without an answer it does not switch, and asks again only when the control plane was heard again', async () => {
  const lost: Confirmation = { ...refuse(refusal('unreachable')), heard: false };
  const { robot, run, naps } = await robotOrdered({ confirm: true }, async (nap, held, ordered) => {
    expect(held.updater.activity()).toMatchObject({ state: 'waiting', refusal: { category: 'unreachable' } });
    expect([(await held.slots()).active, [...held.services.running]]).toEqual(['1.0.0', ['duck']]);
    if (nap % 3 === 0) await held.updater.hear([said(ordered, { confirm: true })]);
  });
  robot.confirmation.answers.push(
    async () => lost,
    async () => lost,
  );
  await run();
  expect([naps(), robot.confirmation.asked]).toEqual([6, 3]);
  expect(robot.ends()).toEqual(['succeeded', 'succeeded']);
});

test('after a restart without network a held robot remembers its hold, and one to be confirmed asks', async () => {
  const { robot, order, run } = await robotOrdered({}, async (nap, held, ordered) => {
    // The hold came after the update had begun: it is durable when hear() has resolved.
    if (nap === 1) await held.updater.hear([said(ordered, { hold: HOLD, confirm: true })]);
    if (nap === 2) void held.updater.stop();
  });
  robot.permission.answers.push(false);
  await run();
  const again = robot.restarted();
  const recovered = again.recover();
  await expect.poll(() => again.activity()).toMatchObject({ state: 'waiting', ready: true, refusal: HOLD });
  expect(await robot.slots()).toMatchObject({ active: '1.0.0' });
  await again.hear([said(order, { confirm: true })]);
  await recovered;
  expect(robot.confirmation.asked).toBe(1);
  expect(robot.ends()).toEqual(['succeeded', 'succeeded']);
});
