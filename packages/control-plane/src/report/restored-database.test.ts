/** The database was restored from a backup: robots remember reports that it does not have. */
import type { ComponentName, Version } from '@fairlead/shared/ids';
import type { Envelope } from '@fairlead/shared/trust/assignment';
import type { ReportEvent } from '@fairlead/shared/trust/report';
import { describe, expect, test } from 'vitest';
import { installed, running, testFleet } from '../testing/test-fleet.ts';

const duck = 'duck-policy' as ComponentName;

/** Version 2 was ordered; the robot's reports about it and of its way back by hand are not here any more. */
async function restoredFleet() {
  const fleet = await testFleet();
  const v1 = await fleet.publisher.publish({ version: '1.0.0' });
  const v2 = await fleet.publisher.publish({ version: '2.0.0' });
  const robot = await fleet.robot('duck-1');
  await robot.runs(v1);
  const target = { robot: robot.name };
  const body = { target, component: duck, version: '2.0.0' as Version };
  const [order] = (await fleet.operator.deploy({ body })).deployments;
  if (!order) throw new Error('it was ordered');
  const { deployment } = order;
  await robot.ask();
  const about = { deployment, component: duck } as const;
  await robot.tells({ event: 'update-state', ...about, state: 'probation' });
  const ended: ReportEvent = { event: 'update-ended', ...about, outcome: 'succeeded', active: running(v2) };
  const lost = [
    ...robot.seal(ended, {
      event: 'local-rollback',
      component: duck,
      by: 'ann',
      active: running(v1),
      previous: running(v2),
    }),
  ];
  const [news] = robot.seal({ event: 'alarm', refusal: ALARM });
  if (!news) throw new Error('one was sealed');
  const send = async (envelopes: readonly Envelope[], oldestKept?: number) => {
    const more = oldestKept === undefined ? {} : { oldestKept };
    return (await robot.client.report({ params: target, body: { envelopes: [...envelopes], ...more } }))
      .acknowledgedSeq;
  };
  const stateOf = async () => (await fleet.operator.showDeployment({ params: { deployment } })).deployment.state;
  return { ...fleet, robot, v1, deployment, lost, news, send, stateOf };
}
const ALARM = {
  phase: 'verify',
  component: duck,
  element: 'disk',
  category: 'io',
  detail: 'It breaks.',
  retryable: true,
  hint: 'Look.',
} as const;

describe('a robot that has kept the reports which are missing', () => {
  test('is asked for them before anything is taken that came after them', async () => {
    const { lost, news, send, stateOf, operator } = await restoredFleet();
    expect(await send([news], 1)).toBe(1);
    expect((await operator.listAlerts({ query: {} })).items).toEqual([]);
    expect(await send([...lost, news])).toBe(4);
    expect(await stateOf()).toBe('degraded');
    expect((await operator.listAlerts({ query: {} })).items).toHaveLength(1);
  });

  test('hears in its check-in how far its reports are here, and is ordered nothing by what it says until they are', async () => {
    const { robot, lost, send, stateOf, v1, operator } = await restoredFleet();
    await robot.ask({ components: [installed(v1)], acknowledgedReports: 1 });
    const asks = () => robot.checkIn({ components: [installed(v1)], acknowledgedReports: 3 });
    expect((await asks()).storedReports).toBe(1);
    const [ended, backByHand] = lost;
    if (!ended || !backByHand) throw new Error('two were lost');
    await send([ended]);
    // It runs version 1 by the will of a person at the robot, whose report is still on its way.
    expect((await asks()).storedReports).toBe(2);
    await send([backByHand]);
    expect((await asks()).storedReports).toBeUndefined();
    expect(await stateOf()).toBe('degraded');
    expect((await operator.listDeployments({ query: {} })).items).toHaveLength(1);
  });
});

test('a robot that has not kept them goes on behind the gap', async () => {
  const { news, send, operator } = await restoredFleet();
  expect(await send([news], 4)).toBe(4);
  expect((await operator.listAlerts({ query: {} })).items).toHaveLength(1);
});

test('a robot that has kept a part of them is asked for that part first, and is taken for no clone', async () => {
  const { robot, lost, news, send, operator } = await restoredFleet();
  const [, kept] = lost;
  if (!kept) throw new Error('two were lost');
  expect(await send([news], 3)).toBe(1);
  expect(await send([kept, news])).toBe(4);
  // An answer that was older than that made it send them once more.
  expect(await send([kept, news])).toBe(4);
  expect((await operator.listAlerts({ query: {} })).items).toHaveLength(1);
  expect((await operator.showRobot({ params: { robot: robot.name } })).quarantined).toBeUndefined();
});
