import type { Refusal } from '@fairlead/shared/failure';
import type { RobotId } from '@fairlead/shared/ids';
import { expect, test } from 'vitest';
import { AT_ONCE, type CreateBody, createRollout } from '../testing/create-rollout.ts';
import { refusal } from '../testing/refusal.ts';
import { type RolloutFleet, rolloutFleet } from '../testing/rollout-fleet.ts';
import { running } from '../testing/test-fleet.ts';

const restarts: Refusal = {
  phase: 'probation',
  element: 'duck-policy.service',
  category: 'restarts',
  detail: 'duck-policy.service restarted 3 times in 36 seconds.',
  retryable: true,
  hint: 'Read its log.',
};
const explain = (fleet: RolloutFleet, robot: string) =>
  fleet.operator.explainRobot({ params: { robot: robot as RobotId } });

test('a robot that a rollout means is told what that waits for, though who takes part is fixed only at its start', async () => {
  const fleet = await rolloutFleet(2);
  await fleet.everybodyRuns(fleet.v1);
  const startAt = '2030-01-01T02:00:00Z';
  const rollout = await createRollout(fleet, { ...AT_ONCE, target: { robot: 'duck-1' as RobotId }, startAt });
  expect(await explain(fleet, 'duck-1')).toMatchObject({
    sentence: `duck-1 waits for its turn in rollout ${rollout}: It starts at 2030-01-01T02:00:00.000Z.`,
    unblock: 'Nothing to do: it starts by itself.',
  });
  expect((await explain(fleet, 'duck-2')).sentence).not.toContain(rollout);
  await fleet.operator.abortRollout({ params: { rollout }, body: {} });
  expect((await explain(fleet, 'duck-1')).sentence).not.toContain(rollout);
});

test('a robot of a rollout that waits for approval is told who may unblock it', async () => {
  const fleet = await rolloutFleet(1);
  await fleet.everybodyRuns(fleet.v1);
  await fleet.operator.changeEnvironment({ params: { environment: 'development' }, body: { approvals: 'one' } });
  const rollout = await createRollout(fleet, AT_ONCE);
  const { sentence, unblock } = await explain(fleet, 'duck-1');
  expect(sentence).toContain('It waits for approval: 0 of 1');
  expect(unblock).toContain(`fairlead rollout approve ${rollout}`);
});

test('a rollout that was denied or aborted keeps who ended it, and why', async () => {
  const fleet = await rolloutFleet(1);
  await fleet.operator.changeEnvironment({ params: { environment: 'development' }, body: { approvals: 'one' } });
  const denied = await createRollout(fleet, AT_ONCE);
  const { operator } = await fleet.controlPlane.as('operator');
  await operator.denyRollout({ params: { rollout: denied }, body: { reason: 'not on a Friday' } });
  await fleet.drive();
  expect((await fleet.operator.showRollout({ params: { rollout: denied } })).stopped?.why.detail).toBe(
    'the-operator denied it: not on a Friday.',
  );
  const aborted = await createRollout(fleet, AT_ONCE);
  const view = await fleet.operator.abortRollout({ params: { rollout: aborted }, body: { reason: 'typing mistake' } });
  expect(view.stopped).toMatchObject({
    by: 'the-admin',
    why: { detail: 'the-admin aborted the rollout: typing mistake.' },
  });
});

test('what was switched back is not finalised', async () => {
  const fleet = await rolloutFleet(1);
  await fleet.everybodyRuns(fleet.v1);
  const params = { rollout: await createRollout(fleet, { shape: { strategy: 'blue-green' } }) };
  await fleet.everybodyUpdates();
  await fleet.operator.switchRollout({ params, body: {} });
  await fleet.everybodyUpdates();
  await fleet.operator.switchBackRollout({ params, body: { reason: 'it limps' } });
  expect(await refusal(fleet.operator.finaliseRollout({ params, body: {} }))).toBe('conflict');
});

test('of a rollout it is said whose maintenance window is shut', async () => {
  const fleet = await rolloutFleet(1);
  const times = { from: '02:00', to: '04:00', zone: 'Europe/Berlin' };
  await fleet.operator.createWindow({ body: { name: 'nights', scope: { fleet: true }, ...times } });
  const rollout = await createRollout(fleet, AT_ONCE);
  await fleet.everybodyUpdates();
  const { blocked } = await fleet.operator.showRollout({ params: { rollout } });
  expect(blocked?.why.detail).toMatch(/^duck-1 is ready; its maintenance window nights opens at /);
});

test('the text of a stopped rollout names the robots that count as failed now, also those of an earlier stage', async () => {
  const fleet = await rolloutFleet(3);
  await fleet.everybodyRuns(fleet.v1);
  const stages = [
    { name: 'canary', upTo: { count: 1 } },
    { name: 'all', upTo: { percent: 100 } },
  ];
  const rollout = await createRollout(fleet, { shape: { strategy: 'canary', stages } } as Partial<CreateBody>);
  await fleet.everybodyUpdates();
  const [canary] = (await fleet.operator.listRolloutRobots({ params: { rollout }, query: { stage: 0 } })).items;
  const [late] = await fleet.ordered();
  if (!late) throw new Error('the second stage has begun');
  const others = fleet.robots.filter(({ name }) => name !== canary?.robot);
  const degraded = fleet.robots.find(({ name }) => name === canary?.robot);
  const { component, v1, v2 } = fleet;
  const failed = { ...restarts, component };
  const health = (state: 'degraded' | 'healthy') =>
    ({ event: 'health-changed', component, state, active: running(v2), refusal: failed }) as const;
  await degraded?.tells(health('degraded'));
  await fleet.drive();
  const text = async () => (await fleet.operator.showRollout({ params: { rollout } })).blocked?.why.detail;
  const first = `${canary?.robot} (degraded)`;
  expect(await text()).toBe(`1 of 1 robot failed, and none may; the stage had passed before: ${first}.`);
  expect(others).toContain(late.robot);
  const { deployment } = late.order;
  const active = running(v1);
  await late.robot.tells({
    event: 'update-ended',
    deployment,
    component,
    outcome: 'rolled-back',
    active,
    refusal: failed,
  });
  const second = `${late.robot.name} (rolled-back)`;
  expect(await text()).toBe(
    `1 of 1 robot failed, and none may; the stage had passed before; 1 of 2 robots failed in stage all: ${first}, ${second}.`,
  );
  await degraded?.tells(health('healthy'));
  const still = await text();
  expect(still).toContain(`; now 1 of 1 robot succeeded; 1 of 2 robots failed in stage all: ${second}.`);
  const waits = others.find(({ name }) => name !== late.robot.name)?.name ?? '';
  expect((await explain(fleet, waits)).sentence).toContain(`1 of 2 robots failed in stage all: ${second}.`);
});
