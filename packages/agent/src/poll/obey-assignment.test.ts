import { setImmediate as nextTurn } from 'node:timers/promises';
import { accept, type Refusal, refuse } from '@fairlead/shared/failure';
import type { Activity } from '@fairlead/shared/fleet/robot-facts';
import type { ComponentName, DeploymentId } from '@fairlead/shared/ids';
import type { ComponentOrder } from '@fairlead/shared/trust/assignment';
import type { ReportEvent } from '@fairlead/shared/trust/report';
import { expect, test } from 'vitest';
import type { EndedUpdate } from '../update-history/update-history.ts';
import { createObedience, type ObeyDeps } from './obey-assignment.ts';
import type { VerifiedOrder } from './verified-order.ts';

const order = (n: number, component = 'duck-policy'): ComponentOrder => ({
  component: component as ComponentName,
  deployment: `dep_${String(n).padStart(10, '0')}` as DeploymentId,
  target: {
    path: `releases/production/${component}-${n}.0.0.json`,
    version: `${n}.0.0` as never,
    sha256: '' as never,
    length: 1,
  },
});
const answer = (orders: ComponentOrder[], behind?: Refusal) => ({
  assignment: { components: orders } as never,
  ...(behind && { behind }),
});
const refusal = (category: string, retryable: boolean): Refusal => ({
  phase: 'decide',
  element: 'release',
  category,
  detail: '',
  retryable,
  hint: '',
});

function robotThat(verdict: (order: ComponentOrder) => ReturnType<ObeyDeps['verify']>, defect?: Error) {
  const offered: DeploymentId[] = [];
  const cancelled: DeploymentId[] = [];
  const heard: (string | undefined)[][] = [];
  const told: ReportEvent[] = [];
  const ends: EndedUpdate[] = [];
  const checkIns: string[] = [];
  let activity: Activity = { state: 'idle' };
  let finish = (): void => undefined;
  const obedience = createObedience({
    updater: {
      wantsAgain: () => false,
      hear: async (orders) => void heard.push(orders.map(({ hold }) => hold?.category)),
      offer: async ({ deployment, component }) => {
        offered.push(deployment);
        if (defect) throw defect;
        // As the real one: it looks at the disk before it shows what it does.
        await nextTurn();
        activity = { state: 'downloading', deployment, component };
        await new Promise<void>((resolve) => {
          finish = resolve;
        });
        activity = { state: 'idle' };
      },
      activity: () => activity,
      requestCancel: (deployment) => void cancelled.push(deployment),
    },
    history: { onEnded: async (ended) => void ends.push(ended) },
    outbox: {
      append: (event) => void told.push(event),
      count: () => told.length,
      hasEnded: (deployment) => told.some((event) => event.event === 'update-ended' && event.deployment === deployment),
    },
    verify: verdict,
    onEnd: () => void checkIns.push('at once'),
    onDefect: (error) => {
      if (error !== defect) throw error;
    },
  });
  return { obedience, offered, cancelled, heard, told, ends, checkIns, finish: () => finish() };
}
const verified = async ({ deployment, component }: ComponentOrder) =>
  accept({ deployment, component } as VerifiedOrder);

test('a verified order is begun, and the next check-in is not held up by it', async () => {
  const { obedience, offered, finish } = robotThat(verified);
  await obedience.obey(answer([order(1), order(2, 'navigation')]));
  await obedience.obey(answer([order(1), order(2, 'navigation')]));
  expect(offered).toEqual([order(1).deployment]);
  await nextTurn();
  finish();
  await obedience.settled();
});

test('an update that ends in a defect waits for the next regular check-in, says why, and is tried again', async () => {
  const { obedience, offered, told, checkIns } = robotThat(verified, new Error('EEXIST: file already exists, mkdir'));
  for (let checkIn = 1; checkIn <= 3; checkIn += 1) {
    await obedience.obey(answer([order(1)]));
    await obedience.settled();
    expect(obedience.activity()).toMatchObject({ state: 'waiting', deployment: order(1).deployment });
  }
  // A check-in at once would repeat the defect several times a second, for ever.
  expect(checkIns).toEqual([]);
  expect(offered).toHaveLength(3);
  expect(told).toMatchObject([{ event: 'update-state', state: 'waiting', refusal: { category: 'unexpected' } }]);
});

test('an update that ends in a defect on a disk that takes no report either is seen to wait, and no error is lost', async () => {
  const defect = new Error('EROFS: read-only file system, mkdir');
  const { obedience, told } = robotThat(verified, defect);
  told.push = () => {
    throw defect;
  };
  await obedience.obey(answer([order(1)]));
  await obedience.settled();
  expect(obedience.activity()).toMatchObject({ state: 'waiting', deployment: order(1).deployment });
});

test('an order that vanished from the assignment is called off', async () => {
  const { obedience, cancelled, finish } = robotThat(verified);
  await obedience.obey(answer([order(1)]));
  await nextTurn();
  await obedience.obey(answer([order(1)]));
  expect(cancelled).toEqual([]);
  await obedience.obey(answer([order(2)]));
  expect(cancelled).toEqual([order(1).deployment]);
  finish();
});

test('an order that vanished before its update showed is called off too', async () => {
  const { obedience, cancelled, finish } = robotThat(verified);
  await obedience.obey(answer([order(1)]));
  await obedience.obey(answer([]));
  expect(cancelled).toEqual([order(1).deployment]);
  await nextTurn();
  finish();
});

test('what can never be is rejected once and for all', async () => {
  const { obedience, offered, told, ends } = robotThat(async () => refuse(refusal('denied', false)));
  await obedience.obey(answer([order(1)]));
  await obedience.obey(answer([order(1)]));
  expect(offered).toEqual([]);
  expect(told).toMatchObject([{ event: 'update-ended', outcome: 'rejected', refusal: { category: 'denied' } }]);
  expect(ends).toMatchObject([{ outcome: 'rejected', version: '1.0.0', refusal: { category: 'denied' } }]);
});

test('what may be later waits, is seen to wait, and is told once', async () => {
  const { obedience, told } = robotThat(async () => refuse(refusal('disk_full', true)));
  await obedience.obey(answer([order(1)]));
  await obedience.obey(answer([order(1)]));
  expect(told).toMatchObject([{ event: 'update-state', state: 'waiting' }]);
  expect(obedience.activity()).toMatchObject({ state: 'waiting', refusal: { category: 'disk_full' } });
  await obedience.obey(answer([]));
  expect(obedience.activity()).toEqual({ state: 'idle' });
});

test('a component that waits does not hold up another one', async () => {
  const { obedience, offered, finish } = robotThat((each) =>
    each.component === 'duck-policy' ? Promise.resolve(refuse(refusal('missing_component', true))) : verified(each),
  );
  await obedience.obey(answer([order(1), order(2, 'duck-runtime')]));
  expect(offered).toEqual([order(2).deployment]);
  finish();
});

test('with stale metadata a robot waits and says why', async () => {
  const { obedience, offered, told } = robotThat(verified);
  await obedience.obey(answer([order(1)], refusal('expired', true)));
  expect(offered).toEqual([]);
  expect(told).toMatchObject([{ event: 'update-state', state: 'waiting', refusal: { category: 'expired' } }]);
});

test('with stale metadata a running update can still be called off', async () => {
  const { obedience, offered, cancelled, finish } = robotThat(verified);
  await obedience.obey(answer([order(1)]));
  await nextTurn();
  await obedience.obey(answer([order(2)], refusal('expired', true)));
  expect([offered, cancelled]).toEqual([[order(1).deployment], [order(1).deployment]]);
  finish();
});
