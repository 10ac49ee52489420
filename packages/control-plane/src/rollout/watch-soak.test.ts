import type { InputOf } from '@fairlead/shared/api/client';
import type { operatorApi } from '@fairlead/shared/api/operator-api';
import type { Refusal } from '@fairlead/shared/failure';
import type { RolloutSpec } from '@fairlead/shared/rollout/rollout-spec';
import { MINUTE, SECOND, toTimestamp } from '@fairlead/shared/time';
import type { ReportEvent } from '@fairlead/shared/trust/report';
import { describe, expect, test } from 'vitest';
import { type RolloutFleet, rolloutFleet } from '../testing/rollout-fleet.ts';
import { type FleetRobot, installed, running } from '../testing/test-fleet.ts';

type Create = InputOf<(typeof operatorApi)['createRollout']>['body'];

const restarts: Refusal = {
  phase: 'probation',
  component: 'duck-policy',
  element: 'duck-policy.service',
  category: 'restarts',
  detail: 'duck-policy.service restarted 3 times in 36 seconds.',
  retryable: true,
  hint: 'Read its log: journalctl -u duck-policy.',
};

/** A canary of one robot soaks, for 40 seconds by default; the other robots wait for their turn. */
async function soakingCanary(
  onFailure: 'pause' | 'halt' | 'revert' = 'pause',
  robots = 3,
  reach: Pick<RolloutSpec['stages'][number], 'upTo'> = { upTo: { count: 1 } },
  soakSec = 40,
) {
  const fleet = await rolloutFleet(robots);
  await fleet.everybodyRuns(fleet.v1);
  const stages = [{ name: 'canary', ...reach, soakSec }, { upTo: { percent: 100 } }];
  const shape = { strategy: 'canary', stages };
  const body = { target: { all: true }, component: fleet.component, version: fleet.v2.version, shape, onFailure };
  const { rollout } = await fleet.operator.createRollout({ body: body as Create });
  await fleet.drive();
  await fleet.everybodyUpdates();
  const show = () => fleet.operator.showRollout({ params: { rollout } });
  expect((await show()).stages[0]?.state).toBe('soaking');
  const { items } = await fleet.operator.listRolloutRobots({ params: { rollout }, query: { stage: 0 } });
  const names = items.map(({ robot }) => robot);
  const cohort = fleet.robots.filter((robot) => names.includes(robot.name));
  const [canary] = cohort;
  if (!canary) throw new Error('the canary stage has a robot');
  const others = fleet.robots.filter((robot) => robot !== canary);
  return { ...fleet, rollout, show, canary, cohort, others };
}
type Soaking = Awaited<ReturnType<typeof soakingCanary>>;

/** A robot counts as offline after a minute. */
const becomeOfflineEarly = ({ operator }: Soaking) =>
  operator.changeSettings({
    body: { checkInIntervalSec: 10, checkInJitterSec: 0, longPollSec: 5, lateAfterSec: 30, offlineAfterSec: 60 },
  });

/** No robot checks in. In short steps: with this threshold a pause of 30 seconds shows a suspended control plane. */
async function drivenFor({ clock, drive }: Soaking, ms: number): Promise<void> {
  for (let passed = 0; passed < ms; passed += 10 * SECOND) {
    clock.pass(10 * SECOND);
    await drive();
  }
}

const healthOf = (fleet: RolloutFleet, state: 'degraded' | 'healthy') =>
  ({
    event: 'health-changed',
    component: fleet.component,
    state,
    active: running(fleet.v2),
    ...(state === 'degraded' && { refusal: restarts }),
  }) satisfies ReportEvent;
/** A canary stage of two robots: one has degraded, and a person let the rollout go on. */
async function acceptedFailure() {
  const world = await soakingCanary('pause', 3, { upTo: { count: 2 } });
  const [one, two] = world.cohort;
  if (!one || !two) throw new Error('the canary stage has two robots');
  await one.tells(healthOf(world, 'degraded'));
  await world.drive();
  await world.operator.resumeRollout({ params: { rollout: world.rollout }, body: {} });
  return { ...world, one, two };
}

const failed = ({ canary }: Soaking, state: 'paused' | 'halted') => ({
  state,
  stages: [
    {
      state: 'failed',
      counts: { states: { degraded: 1 } },
      verdict: { category: 'too_many_failures', detail: expect.stringContaining(`${canary.name} (degraded)`) },
    },
    { state: 'pending' },
  ],
});

describe('a robot of a stage that soaks', () => {
  test('that reports failed health checks fails the stage, and the policy pauses the rollout', async () => {
    const world = await soakingCanary('pause');
    await world.canary.tells(healthOf(world, 'degraded'));
    await world.drive();
    expect(await world.show()).toMatchObject(failed(world, 'paused'));
    const { sentence, refusal } = await world.operator.explainRobot({ params: { robot: world.canary.name } });
    expect(sentence).toBe(
      `${world.canary.name} is degraded since it installed duck-policy@2.0.0: duck-policy.service restarted 3 times in 36 seconds.`,
    );
    expect(refusal).toMatchObject({ category: 'restarts' });
    expect((await world.operator.fleetStatus()).attention).toMatchObject([{ robot: world.canary.name }]);
  });

  test('is not ordered again what it runs: a retry is refused with what helps', async () => {
    const world = await soakingCanary('pause');
    await world.canary.tells(healthOf(world, 'degraded'));
    await world.drive();
    const { rollout } = await world.show();
    await expect(world.operator.retryRollout({ params: { rollout }, body: {} })).rejects.toMatchObject({
      problem: {
        detail: expect.stringContaining('1 robot is degraded and runs the release'),
        hint: expect.stringMatching(/resume, or abort with --revert/),
      },
    });
  });

  test('that degrades is taken back by the policy that reverts', async () => {
    const world = await soakingCanary('revert');
    await world.canary.tells(healthOf(world, 'degraded'));
    await world.drive();
    expect(await world.show()).toMatchObject(failed(world, 'halted'));
    await world.drive();
    const ordered = await world.ordered();
    expect(ordered.map(({ robot, order }) => [robot.name, order.target.version])).toEqual([
      [world.canary.name, '1.0.0'],
    ]);
  });

  test('whose check-in says that it is degraded counts before its report arrives', async () => {
    const world = await soakingCanary('halt');
    const health = { state: 'degraded', since: toTimestamp(world.clock.now()), refusal: restarts } as const;
    await world.canary.ask({ components: [{ ...installed(world.v2, world.v1), health }] });
    await world.drive();
    expect(await world.show()).toMatchObject(failed(world, 'halted'));
  });

  describe('that runs the release already and skips its order', () => {
    async function skippingCanary(before?: 'degraded') {
      const world = await soakingCanary('halt');
      if (before) await world.canary.tells(healthOf(world, before));
      await world.operator.abortRollout({ params: { rollout: world.rollout }, body: {} });
      const { component, v2 } = world;
      const shape = { strategy: 'canary', stages: [{ name: 'canary', upTo: { percent: 100 }, soakSec: 40 }] };
      const body = { target: { robot: world.canary.name }, component, version: v2.version, shape, onFailure: 'pause' };
      const { rollout } = await world.operator.createRollout({ body: body as Create });
      await world.drive();
      const show = () => world.operator.showRollout({ params: { rollout } });
      const members = async () => (await world.operator.listRolloutRobots({ params: { rollout }, query: {} })).items;
      return { ...world, rollout, show, members };
    }

    test('fails the stage where it was degraded before', async () => {
      const world = await skippingCanary('degraded');
      expect(await world.show()).toMatchObject({ ...failed(world, 'paused'), stages: [{ state: 'failed' }] });
      expect(await world.members()).toMatchObject([{ state: 'degraded', refusal: { category: 'restarts' } }]);
    });

    test('fails the stage where it degrades in the soak, and is skipped again when it recovers', async () => {
      const world = await skippingCanary();
      expect(await world.show()).toMatchObject({ stages: [{ state: 'soaking', counts: { states: { skipped: 1 } } }] });
      await world.canary.tells(healthOf(world, 'degraded'));
      await world.drive();
      expect(await world.show()).toMatchObject({ state: 'paused', stages: [{ state: 'failed' }] });
      const { sentence } = await world.operator.explainRobot({ params: { robot: world.canary.name } });
      expect(sentence).toContain('is degraded');
      await world.canary.tells(healthOf(world, 'healthy'));
      expect(await world.show()).toMatchObject({ stages: [{ counts: { states: { skipped: 1 } } }] });
      expect(await world.members()).toMatchObject([{ state: 'skipped' }]);
    });

    test('fails the stage where its component raises an alarm in the soak, and is skipped again when that ends', async () => {
      const world = await skippingCanary();
      const refusal = { ...restarts, phase: 'verify', category: 'active_damaged' } as const;
      const { component } = world;
      const { element, category } = refusal;
      await world.canary.tells({ event: 'alarm', refusal });
      await world.drive();
      expect(await world.show()).toMatchObject({ state: 'paused', stages: [{ state: 'failed' }] });
      await world.canary.tells({ event: 'alarm-resolved', component, element, category });
      expect(await world.members()).toMatchObject([{ state: 'skipped' }]);
    });

    test('fails the stage where it reports another release in the soak', async () => {
      const world = await skippingCanary();
      world.clock.pass(SECOND);
      await world.canary.ask({ components: [installed(world.v1, world.v2)] });
      await world.drive();
      expect(await world.show()).toMatchObject({ state: 'paused', stages: [{ state: 'failed' }] });
      expect(await world.members()).toMatchObject([{ refusal: { category: 'runs_another_release' } }]);
    });

    test('fails the stage where somebody rolls it back on the robot itself', async () => {
      const world = await skippingCanary();
      const { component, v1, v2 } = world;
      const by = 'ann';
      await world.canary.tells({ event: 'local-rollback', component, by, active: running(v1), previous: running(v2) });
      await world.drive();
      expect(await world.show()).toMatchObject({ state: 'paused', stages: [{ state: 'failed' }] });
      expect(await world.members()).toMatchObject([
        { state: 'degraded', refusal: { category: 'rolled_back_locally' } },
      ]);
    });

    test('keeps the release where the rollout is undone: it had it before', async () => {
      const world = await skippingCanary();
      await world.canary.tells(healthOf(world, 'degraded'));
      await world.operator.abortRollout({ params: { rollout: world.rollout }, body: { revert: true } });
      await world.drive();
      const again = await world.canary.ask({ understands: ['hold'] });
      expect(again.assignment?.components.map(({ target }) => target.version)).not.toContain('1.0.0');
    });
  });

  test('that recovers before the gate was asked counts as succeeded again', async () => {
    const world = await soakingCanary();
    await world.canary.tells(healthOf(world, 'degraded'), healthOf(world, 'healthy'));
    await world.soak(50 * SECOND);
    expect((await world.show()).stages).toMatchObject([{ state: 'passed' }, { state: 'running' }]);
  });

  test('that is still ordered what it runs, while it is degraded', async () => {
    const world = await soakingCanary();
    const before = (await world.canary.ask({ understands: ['hold'] })).assignment;
    await world.canary.tells(healthOf(world, 'degraded'));
    const after = (await world.canary.ask({ understands: ['hold'] })).assignment;
    expect(after?.components).toEqual(before?.components);
    expect(after?.seq).toBe(before?.seq);
  });

  test('whose component raises an alarm fails the stage, and succeeds again when the alarm is resolved', async () => {
    const world = await soakingCanary();
    const { component, element, category } = restarts;
    await world.canary.tells({ event: 'alarm', refusal: restarts });
    await world.drive();
    expect(await world.show()).toMatchObject(failed(world, 'paused'));
    // Passing health checks say nothing about the alarm.
    await world.canary.tells(healthOf(world, 'healthy'));
    expect((await world.show()).stages[0]?.counts.states).toEqual({ degraded: 1 });
    await world.canary.tells({ event: 'alarm-resolved', component: world.component, element, category });
    expect((await world.show()).stages[0]?.counts.states).toEqual({ succeeded: 1 });
    expect(component).toBe(world.component);
  });

  test('succeeds again when its alarm is resolved by hand', async () => {
    const world = await soakingCanary();
    await world.canary.tells({ event: 'alarm', refusal: restarts });
    const [alert] = (await world.operator.listAlerts({ query: {} })).items;
    await world.operator.resolveAlert({ params: { id: alert?.id ?? '' }, body: { reason: 'a known test' } });
    expect((await world.show()).stages[0]?.counts.states).toEqual({ succeeded: 1 });
  });

  test('whose component raised an alarm between its switch and its commit fails the stage', async () => {
    const fleet = await rolloutFleet(2);
    await fleet.everybodyRuns(fleet.v1);
    const stages = [{ name: 'canary', upTo: { count: 1 }, soakSec: 40 }, { upTo: { percent: 100 } }];
    const { component, v2 } = fleet;
    const body = { target: { all: true }, component, version: v2.version, shape: { strategy: 'canary', stages } };
    const { rollout } = await fleet.operator.createRollout({ body: body as Create });
    await fleet.drive();
    const [canary] = await fleet.ordered();
    if (!canary) throw new Error('the canary has its order');
    const { deployment } = canary.order;
    const { robot } = canary;
    const activity = { state: 'waiting', deployment, component, ready: true } as const;
    await robot.ask({ understands: ['hold'], activity });
    await fleet.drive();
    await robot.tells({ event: 'update-state', deployment, component, state: 'switching' });
    await robot.tells({ event: 'alarm', refusal: restarts });
    const active = running(v2);
    await robot.tells({ event: 'update-ended', deployment, component, outcome: 'succeeded', active });
    await fleet.drive();
    const view = await fleet.operator.showRollout({ params: { rollout } });
    expect(view).toMatchObject({
      state: 'paused',
      stages: [{ state: 'failed', counts: { states: { degraded: 1 } } }, { state: 'pending' }],
    });
  });

  test('is not failed by an alarm of another component, or of none', async () => {
    const world = await soakingCanary();
    const { component: _component, ...ofNone } = restarts;
    await world.canary.tells({ event: 'alarm', refusal: { ...restarts, component: 'navigation' } });
    await world.canary.tells({ event: 'alarm', refusal: ofNone });
    await world.drive();
    expect((await world.show()).state).toBe('running');
  });
});

describe('a stage that soaks', () => {
  test('does not pass while its canary has not checked in since the soak ended, and says how long it waits', async () => {
    const world = await soakingCanary();
    await world.soak(50 * SECOND, world.others);
    expect(await world.show()).toMatchObject({
      state: 'running',
      stages: [{ state: 'soaking' }, { state: 'pending' }],
      blocked: {
        until: expect.any(String),
        why: { category: 'soak_unseen', detail: expect.stringContaining(world.canary.name) },
      },
    });
    await world.soak(10 * SECOND);
    expect((await world.show()).stages).toMatchObject([{ state: 'passed' }, { state: 'running' }]);
  });

  test('fails when its canary went offline in the soak, and the robot recovers by its next check-in', async () => {
    const world = await soakingCanary();
    await world.soak(6 * MINUTE, world.others);
    expect(await world.show()).toMatchObject(failed(world, 'paused'));
    const { items } = await world.operator.robotHistory({ params: { robot: world.canary.name }, query: {} });
    expect(items[0]?.deployment).toMatchObject({ state: 'degraded', refusal: { category: 'silent' } });
    await world.canary.runs(world.v2, world.v1);
    expect((await world.show()).stages[0]?.counts.states).toEqual({ succeeded: 1 });
  });

  test('takes no silence for a failure that only shows that the control plane was away', async () => {
    const world = await soakingCanary();
    // Suspended, with all its robots, for an hour.
    world.clock.pass(60 * MINUTE);
    await world.drive();
    expect((await world.show()).blocked?.why.category).toBe('soak_unseen');
    await world.soak(10 * SECOND);
    expect((await world.show()).stages).toMatchObject([{ state: 'passed' }, { state: 'running' }]);
  });

  test('waits after the control plane was away for as long as a robot may pause between two attempts to reach it', async () => {
    const world = await soakingCanary();
    await becomeOfflineEarly(world);
    // Suspended, or stopped: robots try again later and later, up to every five minutes.
    world.clock.pass(60 * MINUTE);
    await drivenFor(world, 5 * MINUTE);
    expect(await world.show()).toMatchObject({ state: 'running', blocked: { why: { category: 'soak_unseen' } } });
    await drivenFor(world, 1 * MINUTE);
    expect(await world.show()).toMatchObject(failed(world, 'paused'));
  });

  test('fails a robot at once that checked in after the control plane was away and went offline then', async () => {
    const world = await soakingCanary('pause', 3, { upTo: { count: 1 } }, 10 * 60);
    await becomeOfflineEarly(world);
    world.clock.pass(1 * MINUTE);
    await world.drive();
    world.clock.pass(1 * SECOND);
    await world.canary.ask({});
    await drivenFor(world, 80 * SECOND);
    expect(await world.show()).toMatchObject(failed(world, 'paused'));
  });
});

describe('a stage whose canary is not observed to the end of the soak', () => {
  const inconclusive = ({ canary }: Soaking, why: string) => ({
    state: 'paused',
    stage: 0,
    stages: [
      {
        state: 'inconclusive',
        verdict: { category: 'too_few_successes', detail: expect.stringContaining(`${canary.name} ${why}`) },
      },
      { state: 'pending' },
    ],
  });

  test('pauses before the end of the soak where the canary was decommissioned and no robot is left to observe', async () => {
    const world = await soakingCanary('revert');
    await world.operator.decommissionRobot({ params: { robot: world.canary.name } });
    await world.soak(31 * SECOND, world.others);
    expect(await world.show()).toMatchObject(inconclusive(world, 'left the fleet'));
    await world.soak(10 * MINUTE, world.others);
    const { blocked, state } = await world.show();
    expect(state).toBe('paused');
    expect(blocked?.why.detail).toBe(
      `0 of 1 robots succeeded and 1 must; 1 succeeded and was not observed to the end of the soak (${world.canary.name} left the fleet).`,
    );
  });

  test('pauses where the release was revoked', async () => {
    const world = await soakingCanary();
    await world.publisher.revoke(world.v2);
    await world.soak(31 * SECOND, world.others);
    expect(await world.show()).toMatchObject(inconclusive(world, 'is not ordered this release any more'));
  });

  test('pauses where the canary is quarantined, and goes on with a whole soak after it was readmitted', async () => {
    const world = await soakingCanary();
    const { robots } = world.controlPlane.store;
    const record = await robots.find(world.canary.name);
    if (!record) throw new Error('the canary is enrolled');
    await robots.save({ ...record, quarantined: { ...restarts, category: 'repeated_failures' } });
    await world.soak(31 * SECOND, world.others);
    expect(await world.show()).toMatchObject(inconclusive(world, 'is quarantined'));
    await world.operator.readmitRobot({ params: { robot: world.canary.name } });
    await world.operator.resumeRollout({ params: { rollout: world.rollout }, body: {} });
    await world.soak(30 * SECOND);
    expect((await world.show()).stages[0]?.state).toBe('soaking');
    await world.soak(45 * SECOND);
    expect((await world.show()).stages).toMatchObject([{ state: 'passed' }, { state: 'running' }]);
  });

  test('pauses where another order replaced the release on the canary, also in the last seconds of the soak', async () => {
    const world = await soakingCanary();
    world.clock.pass(39 * SECOND);
    await world.drive();
    const { version } = (await world.publisher.publish({ version: '3.0.0' })).manifest;
    const target = { robot: world.canary.name };
    await world.operator.deploy({ body: { target, component: world.component, version } });
    await world.soak(2 * SECOND);
    expect(await world.show()).toMatchObject(inconclusive(world, 'is not ordered this release any more'));
  });

  test('is promoted by a person who accepts that nobody observed it', async () => {
    const world = await soakingCanary();
    await world.operator.decommissionRobot({ params: { robot: world.canary.name } });
    await world.soak(31 * SECOND, world.others);
    await world.operator.promoteRollout({ params: { rollout: world.rollout }, body: {} });
    await world.drive();
    expect((await world.show()).stages).toMatchObject([{ state: 'passed', promotedBy: 'the-admin' }, {}]);
  });
});

test('a stage passes its soak with the robots that are left where they suffice for its gate', async () => {
  const world = await soakingCanary('pause', 12, { upTo: { count: 10 } });
  await world.operator.decommissionRobot({ params: { robot: world.canary.name } });
  await world.soak(50 * SECOND, world.others);
  expect((await world.show()).stages[0]).toMatchObject({ state: 'passed' });
});

test('a stage that too many robots have left in the soak is judged at its end, so that failures still act before', async () => {
  const world = await soakingCanary('halt', 12, { upTo: { count: 10 } });
  const [, ...left] = world.cohort.filter((robot) => robot !== world.canary);
  for (const robot of world.cohort.filter((each) => !left.includes(each))) {
    await world.operator.decommissionRobot({ params: { robot: robot.name } });
  }
  await world.soak(20 * SECOND, left);
  expect((await world.show()).stages[0]).toMatchObject({ state: 'soaking' });
  await world.soak(30 * SECOND, left);
  expect((await world.show()).stages[0]).toMatchObject({ state: 'inconclusive' });
});

describe('a robot that degrades after its stage has passed', () => {
  test('stops the rollout that still runs, and after a resume it does not stop it again', async () => {
    const world = await soakingCanary();
    await world.soak(50 * SECOND);
    await world.canary.tells(healthOf(world, 'degraded'));
    await world.drive();
    expect(await world.show()).toMatchObject({
      state: 'paused',
      stage: 1,
      stages: [{ state: 'failed', verdict: { element: 'canary' } }, { state: 'running' }],
    });
    await world.operator.resumeRollout({ params: { rollout: world.rollout }, body: {} });
    await world.drive();
    expect(await world.show()).toMatchObject({ state: 'running', stages: [{ state: 'passed' }, { state: 'running' }] });
  });

  test('stops it although the failure of another robot was accepted, and that robot recovered since', async () => {
    const { one, two, ...world } = await acceptedFailure();
    await world.drive();
    expect((await world.show()).stages[0]?.acceptedFailures).toBe(1);
    await one.tells(healthOf(world, 'healthy'));
    await two.tells(healthOf(world, 'degraded'));
    await world.drive();
    const { state, blocked } = await world.show();
    expect([state, blocked?.why.detail]).toEqual([
      'paused',
      `1 of 2 robots failed, and none may: ${two.name} (degraded).`,
    ]);
  });

  test('and whose failure was accepted does not stop it again, however often it degrades', async () => {
    const { one, two, ...world } = await acceptedFailure();
    await one.tells(healthOf(world, 'healthy'), healthOf(world, 'degraded'));
    await world.drive();
    expect((await world.show()).state).toBe('running');
    await two.tells(healthOf(world, 'degraded'));
    await world.drive();
    expect((await world.show()).blocked?.why.detail).toBe(
      `1 of 1 robot failed, and none may: ${two.name} (degraded); the failure of 1 robot was accepted before.`,
    );
    const { items } = await world.operator.listRolloutRobots({
      params: { rollout: world.rollout },
      query: { stage: 0 },
    });
    expect(items.map(({ robot, failureAccepted }) => [robot, failureAccepted ?? false])).toEqual([
      [one.name, true],
      [two.name, false],
    ]);
  });

  test('is named by explain when its rollout has ended', async () => {
    const world = await soakingCanary('pause', 1);
    await world.soak(50 * SECOND);
    expect((await world.show()).state).toBe('completed');
    await world.canary.tells(healthOf(world, 'degraded'));
    await world.drive();
    expect((await world.show()).state).toBe('completed');
    const { sentence, blocked } = await world.operator.explainRobot({ params: { robot: world.canary.name } });
    expect(sentence).toContain('is degraded');
    expect(blocked).toBe(true);
  });
});

test('a health report that names an order of another robot is refused', async () => {
  const world = await soakingCanary();
  const { items } = await world.operator.robotHistory({ params: { robot: world.canary.name }, query: {} });
  const deployment = items[0]?.deployment.deployment;
  if (!deployment) throw new Error('it was ordered');
  const other: FleetRobot | undefined = world.others[0];
  await expect(other?.tells({ ...healthOf(world, 'degraded'), deployment })).rejects.toMatchObject({
    problem: { refusal: { category: 'unknown_deployment' } },
  });
});
