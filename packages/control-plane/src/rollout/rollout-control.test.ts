import { ProblemError } from '@fairlead/shared/api/client';
import type { RolloutId } from '@fairlead/shared/ids';
import { describe, expect, test } from 'vitest';
import { AT_ONCE, type CreateBody, createRollout, showRollout } from '../testing/create-rollout.ts';
import { refusal } from '../testing/refusal.ts';
import { type RolloutFleet, rolloutFleet } from '../testing/rollout-fleet.ts';
import { PASSWORD } from '../testing/test-control-plane.ts';

const because = (fleet: RolloutFleet, n: number) => {
  const robot = fleet.robots[n - 1];
  if (!robot) throw new Error('there is no such robot');
  return fleet.operator.explainRobot({ params: { robot: robot.name } });
};

describe('a pause', () => {
  test('binds at once: robots that were let switch are held again, and nobody new is offered anything', async () => {
    const fleet = await rolloutFleet(2);
    const rollout = await createRollout(fleet, { shape: { strategy: 'rolling', size: 1 } });
    const [{ robot, order } = { robot: undefined, order: undefined }] = await fleet.ordered();
    if (!robot || !order) throw new Error('one is ordered');
    const { deployment, component } = order;
    const ready = {
      understands: ['hold' as const],
      activity: { state: 'waiting' as const, deployment, component, ready: true },
    };
    await robot.ask(ready);
    await fleet.drive();
    const granted = await robot.ask(ready);
    expect(granted.assignment?.components[0]?.hold).toBeUndefined();
    await fleet.operator.pauseRollout({ params: { rollout }, body: { reason: 'the floor is wet' } });
    const paused = await robot.ask(ready);
    expect(paused.assignment?.components[0]?.hold).toMatchObject({
      category: 'paused',
      detail: 'the-admin paused the rollout in stage all: the floor is wet.',
    });
    expect(paused.assignment?.seq).toBeGreaterThan(granted.assignment?.seq ?? Infinity);
    await fleet.operator.resumeRollout({ params: { rollout }, body: {} });
    expect((await robot.ask(ready)).assignment?.components[0]?.hold).toBeUndefined();
  });

  test('reaches a robot that is about to switch, has said so, and asks once more', async () => {
    const fleet = await rolloutFleet(1);
    const rollout = await createRollout(fleet, AT_ONCE);
    const [one] = await fleet.ordered();
    if (!one) throw new Error('it is ordered');
    const { robot, order } = one;
    const { deployment, component } = order;
    const doing = (state: 'waiting' | 'switching', ready = false) => ({
      understands: ['hold' as const],
      activity: { state, deployment, component, ...(ready && { ready }) },
    });
    await robot.ask(doing('waiting', true));
    await fleet.drive();
    await robot.tells({ event: 'update-state', deployment, component, state: 'switching' });
    await fleet.operator.pauseRollout({ params: { rollout }, body: {} });
    expect((await robot.ask(doing('switching'))).assignment?.components[0]?.hold?.category).toBe('paused');
    await robot.tells({ event: 'update-state', deployment, component, state: 'waiting' });
    await fleet.operator.abortRollout({ params: { rollout }, body: {} });
    expect((await robot.ask(doing('waiting'))).assignment?.components).toEqual([]);
  });

  test('of two operators at once: one is heard, the other is told where it stands', async () => {
    const fleet = await rolloutFleet(1);
    const rollout = await createRollout(fleet);
    const both = await Promise.allSettled([
      fleet.operator.pauseRollout({ params: { rollout }, body: {} }),
      fleet.operator.abortRollout({ params: { rollout }, body: {} }),
    ]);
    const heard = both.filter(({ status }) => status === 'fulfilled');
    expect(heard.length).toBeGreaterThanOrEqual(1);
    expect((await showRollout(fleet, rollout)).state).toBe('aborted');
    expect(await refusal(fleet.operator.resumeRollout({ params: { rollout }, body: {} }))).toBe('conflict');
  });
});

describe('a command that carries what its author saw', () => {
  const seenOf = async (fleet: RolloutFleet, rollout: RolloutId) => {
    const { revision } = await showRollout(fleet, rollout);
    if (revision === undefined) throw new Error('a rollout has a revision');
    return { ifMatch: revision };
  };
  const refused = (command: Promise<unknown>) =>
    command.then(
      () => 'accepted',
      (error: unknown) => (error instanceof ProblemError ? error.problem : String(error)),
    );
  const TWO_STAGES = {
    shape: { strategy: 'canary' as const, stages: [{ upTo: { count: 2 } }, { upTo: { percent: 100 } }] },
  };

  test('is accepted though the engine has ordered and granted meanwhile', async () => {
    const fleet = await rolloutFleet(3);
    const rollout = await createRollout(fleet, { shape: { strategy: 'rolling', size: 1 } });
    const before = await showRollout(fleet, rollout);
    const seen = await seenOf(fleet, rollout);
    await fleet.everybodyUpdates();
    await fleet.everybodyUpdates();
    expect((await showRollout(fleet, rollout)).generation).toBeGreaterThan(before.generation);
    const paused = await fleet.operator.pauseRollout({ params: { rollout }, body: {} }, seen);
    expect(paused).toMatchObject({ state: 'paused', revision: expect.stringMatching(/^paused\./) });
  });

  test('is refused where another operator was faster, with what that one did', async () => {
    const fleet = await rolloutFleet(1);
    const rollout = await createRollout(fleet);
    const seen = await seenOf(fleet, rollout);
    const { operator } = await fleet.controlPlane.as('operator');
    await operator.pauseRollout({ params: { rollout }, body: {} }, seen);
    expect(await refused(fleet.operator.promoteRollout({ params: { rollout }, body: {} }, seen))).toMatchObject({
      status: 412,
      code: 'precondition_failed',
      detail: expect.stringMatching(/its state was running and is paused.* Last: the-operator, paused at 20/),
      hint: expect.stringContaining('Nothing was done.'),
    });
    expect((await showRollout(fleet, rollout)).state).toBe('paused');
  });

  test('of two operators who saw the same and resume at once, one accepts the failures and the other is refused', async () => {
    const fleet = await rolloutFleet(2);
    const rollout = await createRollout(fleet, TWO_STAGES);
    await fleet.everybodyUpdates('failed');
    const seen = await seenOf(fleet, rollout);
    const { operator } = await fleet.controlPlane.as('operator');
    const both = await Promise.all(
      [fleet.operator, operator].map((each) => refused(each.resumeRollout({ params: { rollout }, body: {} }, seen))),
    );
    expect(
      both.filter((end) => typeof end === 'object' && 'code' in end && end.code === 'precondition_failed'),
    ).toHaveLength(1);
  });

  test('resume accepts exactly the failures that were shown: one more refuses it', async () => {
    const fleet = await rolloutFleet(2);
    const rollout = await createRollout(fleet, TWO_STAGES);
    const [one, two] = await fleet.ordered();
    if (!one || !two) throw new Error('both are ordered');
    const fails = ({ robot, order: { deployment, component } }: typeof one) =>
      robot.tells({ event: 'update-ended', deployment, component, outcome: 'failed' });
    await fails(one);
    await fleet.drive();
    const seen = await seenOf(fleet, rollout);
    await fails(two);
    await fleet.drive();
    const resume = async (what: { ifMatch: string }) =>
      refused(fleet.operator.resumeRollout({ params: { rollout }, body: {} }, what));
    expect(await resume(seen)).toMatchObject({
      detail: expect.stringContaining('1 robots had failed and 2 have failed now'),
    });
    expect((await showRollout(fleet, rollout)).stages[0]).not.toHaveProperty('acceptedFailures');
    expect(await resume(await seenOf(fleet, rollout))).toBe('accepted');
    expect((await showRollout(fleet, rollout)).stages[0]?.acceptedFailures).toBe(2);
  });

  test('names its revision as ETag, takes *, and refuses a header that is no entity tag', async () => {
    const fleet = await rolloutFleet(1);
    const rollout = await createRollout(fleet);
    const { app } = fleet.controlPlane;
    await fleet.controlPlane.as('operator');
    const login = { body: { name: 'the-operator', password: PASSWORD } };
    const { token } = await fleet.controlPlane.withToken().operator.login(login);
    const authorization = `Bearer ${token}`;
    const url = `/api/v1/rollouts/${rollout}`;
    const shown = await app.inject({ url, headers: { authorization } });
    expect(shown.headers['etag']).toBe(`"${shown.json().revision}"`);
    const pause = (etag: string) =>
      app.inject({ method: 'POST', url: `${url}/pause`, headers: { authorization, 'if-match': etag } });
    expect((await pause('running')).statusCode).toBe(400);
    expect((await pause('"running.9.none.0.0.0"')).statusCode).toBe(412);
    const paused = await pause(`"old", W/${shown.headers['etag']}`);
    expect([paused.statusCode, paused.headers['etag']]).toEqual([200, `"${paused.json().revision}"`]);
    expect(
      (await app.inject({ method: 'POST', url: `${url}/resume`, headers: { authorization, 'if-match': '*' } }))
        .statusCode,
    ).toBe(200);
  });
});

describe('an approval', () => {
  const asking = async (approvals: 'one' | 'two') => {
    const fleet = await rolloutFleet(1);
    await fleet.operator.changeEnvironment({ params: { environment: 'development' }, body: { approvals } });
    return fleet;
  };

  test('comes from others: the author cannot, the second person is needed, then it runs', async () => {
    const fleet = await asking('one');
    const rollout = await createRollout(fleet, AT_ONCE);
    expect(await showRollout(fleet, rollout)).toMatchObject({
      state: 'awaiting-approval',
      blocked: { why: { category: 'needs_approval' } },
    });
    expect(await fleet.ordered()).toEqual([]);
    expect(await refusal(fleet.operator.approveRollout({ params: { rollout }, body: {} }))).toBe('forbidden');
    const { operator } = await fleet.controlPlane.as('operator');
    await operator.approveRollout({ params: { rollout }, body: { reason: 'tested on my desk' } });
    await fleet.drive();
    expect(await showRollout(fleet, rollout)).toMatchObject({ state: 'running' });
    expect(await fleet.ordered()).toHaveLength(1);
  });

  test('that is denied, or does not come in time, ends the rollout for good', async () => {
    const fleet = await asking('two');
    const denied = await createRollout(fleet, AT_ONCE);
    const { operator } = await fleet.controlPlane.as('operator');
    await operator.denyRollout({ params: { rollout: denied }, body: { reason: 'not on a Friday' } });
    const forgotten = await createRollout(fleet, AT_ONCE);
    await operator.approveRollout({ params: { rollout: forgotten }, body: {} });
    fleet.clock.pass(86_400_000);
    // People's sessions are over by then too.
    await fleet.drive();
    const { rollouts } = fleet.controlPlane.store;
    expect(await rollouts.find(denied)).toMatchObject({ state: 'denied' });
    expect(await rollouts.find(forgotten)).toMatchObject({ state: 'expired' });
    const again = await fleet.controlPlane.as('viewer');
    expect((await again.operator.listNotices()).items).toMatchObject([
      { action: 'rollout.expired', element: forgotten, detail: expect.stringContaining('created by the-admin') },
      { action: 'rollout.denied', element: denied, detail: expect.stringContaining('not on a Friday') },
    ]);
  });

  test('is not gone round by a direct order, and broken glass is heard by everybody', async () => {
    const fleet = await asking('two');
    const body = { target: { all: true }, component: fleet.component, version: fleet.v2.version } as const;
    expect(await refusal(fleet.operator.deploy({ body }))).toBe('refused');
    const emergency = { reason: 'arms swing wildly', skips: ['approval'] } as const;
    const { operator } = await fleet.controlPlane.as('operator');
    expect(
      await refusal(createRollout(fleet, { ...AT_ONCE, emergency: { ...emergency, skips: ['approval'] } }, operator)),
    ).toBe('forbidden');
    const rollout = await createRollout(fleet, { ...AT_ONCE, emergency: { ...emergency, skips: ['approval'] } });
    expect((await showRollout(fleet, rollout)).state).toBe('running');
    const [entry] = (await fleet.operator.listAudit({ query: { action: 'rollout.break-glass' } })).items;
    expect(entry).toMatchObject({ by: 'the-admin', reason: 'arms swing wildly', loud: true, element: rollout });
  });
});

describe('a rolling rollout', () => {
  test('goes batch by batch, with a rest between, and says until when it rests', async () => {
    const fleet = await rolloutFleet(3);
    const rollout = await createRollout(fleet, { shape: { strategy: 'rolling', size: 2, delaySec: 60 } });
    expect(await fleet.ordered()).toHaveLength(2);
    await fleet.everybodyUpdates();
    expect(await fleet.ordered()).toHaveLength(0);
    expect(await showRollout(fleet, rollout)).toMatchObject({ blocked: { why: { category: 'resting' } } });
    fleet.clock.pass(60_000);
    await fleet.drive();
    await fleet.everybodyUpdates();
    expect(await showRollout(fleet, rollout)).toMatchObject({ state: 'completed' });
  });
});

describe('a blue-green rollout', () => {
  test('stages everywhere, switches together on command, and goes back at once', async () => {
    const fleet = await rolloutFleet(2);
    await fleet.everybodyRuns(fleet.v1);
    const rollout = await createRollout(fleet, { shape: { strategy: 'blue-green' } });
    const params = { rollout };
    expect(await refusal(fleet.operator.switchRollout({ params, body: {} }))).toBe('conflict');
    await fleet.everybodyUpdates();
    expect(await showRollout(fleet, rollout)).toMatchObject({
      blocked: { why: { category: 'awaits_switch' } },
      stages: [{ counts: { ready: 2, granted: 0 } }],
    });
    await fleet.operator.switchRollout({ params, body: {} });
    await fleet.everybodyUpdates();
    expect(await showRollout(fleet, rollout)).toMatchObject({
      state: 'completed',
      stages: [{ counts: { states: { succeeded: 2 } } }],
    });
    const { followedBy } = await fleet.operator.switchBackRollout({ params, body: { reason: 'it limps' } });
    if (followedBy === undefined) throw new Error('a rollback follows');
    await fleet.drive();
    await fleet.everybodyUpdates();
    expect(await showRollout(fleet, followedBy)).toMatchObject({ state: 'completed', members: 2 });
  });
});

describe('a blue-green rollout by the clock', () => {
  const at = (fleet: RolloutFleet, seconds: number) => new Date(fleet.clock.now() + seconds * 1000).toISOString();
  const stage = { upTo: { percent: 100 }, timeoutSec: 600 };

  test('passes over a robot that times out before, and switches the others when their share is enough', async () => {
    const fleet = await rolloutFleet(2);
    const stages = [{ ...stage, gate: { minSuccesses: '50%' } }];
    const switchAt = at(fleet, 3600);
    const rollout = await createRollout(fleet, { shape: { strategy: 'blue-green', stages, switchAt } });
    const [one] = await fleet.ordered();
    if (!one) throw new Error('it is ordered');
    const { deployment, component } = one.order;
    const activity = { state: 'waiting', deployment, component, ready: true } as const;
    await one.robot.ask({ understands: ['hold'], activity });
    fleet.clock.pass(600_000);
    await fleet.drive();
    expect(await showRollout(fleet, rollout)).toMatchObject({
      blocked: { why: { category: 'awaits_switch' }, until: switchAt },
      stages: [{ counts: { ready: 1, states: { 'timed-out': 1 } } }],
    });
    fleet.clock.pass(3_000_000);
    await fleet.drive();
    await fleet.everybodyUpdates();
    expect(await showRollout(fleet, rollout)).toMatchObject({
      state: 'completed',
      stages: [{ counts: { states: { succeeded: 1, 'timed-out': 1 } } }],
    });
  });

  test('is stopped by its gate before that time where a robot fails its tests', async () => {
    const fleet = await rolloutFleet(2);
    const stages = [{ ...stage, gate: { maxFailures: 0 } }];
    const rollout = await createRollout(fleet, {
      shape: { strategy: 'blue-green', stages, switchAt: at(fleet, 3600) },
    });
    const [one] = await fleet.ordered();
    if (!one) throw new Error('it is ordered');
    const { deployment, component } = one.order;
    await one.robot.tells({ event: 'update-ended', deployment, component, outcome: 'rejected' });
    await fleet.drive();
    expect(await showRollout(fleet, rollout)).toMatchObject({ state: 'paused', stages: [{ state: 'failed' }] });
  });

  test('and a time to switch for another strategy is refused', async () => {
    const fleet = await rolloutFleet(1);
    const shape = { strategy: 'canary' as const, stages: [stage], switchAt: at(fleet, 3600) };
    expect(await refusal(createRollout(fleet, { shape }))).toBe('bad_request');
  });
});

describe('a robot', () => {
  test('that never answers times out: its stage cannot be judged, and a person decides', async () => {
    const fleet = await rolloutFleet(1);
    const stages = [{ upTo: { percent: 100 }, timeoutSec: 600 }];
    const rollout = await createRollout(fleet, { shape: { strategy: 'canary', stages } });
    fleet.clock.pass(600_000);
    await fleet.drive();
    expect(await showRollout(fleet, rollout)).toMatchObject({
      state: 'paused',
      stages: [{ state: 'inconclusive', counts: { states: { 'timed-out': 1 } } }],
      blocked: { why: { category: 'too_few_successes' } },
    });
    await fleet.operator.promoteRollout({ params: { rollout }, body: {} });
    await fleet.drive();
    expect((await showRollout(fleet, rollout)).state).toBe('ended-without-robots');
  });

  test('that failed gets its order once more when it is retried, and only that one', async () => {
    const fleet = await rolloutFleet(2);
    const rollout = await createRollout(fleet, AT_ONCE);
    const [first] = await fleet.ordered();
    if (!first) throw new Error('it is ordered');
    await fleet.everybodyUpdates('failed');
    expect((await showRollout(fleet, rollout)).state).toBe('paused');
    await fleet.operator.retryRollout({ params: { rollout }, body: {} });
    await fleet.drive();
    await fleet.everybodyUpdates();
    expect(await showRollout(fleet, rollout)).toMatchObject({
      state: 'completed',
      stages: [{ counts: { states: { succeeded: 2 } } }],
    });
  });

  test('that cannot take the release is left out before anything is counted, and told why', async () => {
    const fleet = await rolloutFleet(2);
    await fleet.publisher.publish({ version: '3.0.0', bend: { requires: { arch: ['x64'] } } });
    const rollout = await createRollout(fleet, { ...AT_ONCE, version: '3.0.0' as CreateBody['version'] });
    expect(await showRollout(fleet, rollout)).toMatchObject({
      state: 'ended-without-robots',
      members: 0,
      excluded: 2,
      stopped: { why: { category: 'no_robots', detail: 'It reached no robot: 2 of its target were left out.' } },
    });
    const { items } = await fleet.operator.listRolloutRobots({ params: { rollout }, query: { excluded: 'only' } });
    expect(items[0]).toMatchObject({ robot: 'duck-1', excluded: { category: 'wrong_hw' } });
    for (const robot of fleet.robots) await robot.ask();
    for (const n of [1, 2]) {
      const told = await because(fleet, n);
      expect(told.sentence).toContain(
        `duck-${n} is left out of rollout ${rollout}: ${items[n - 1]?.excluded?.detail.slice(0, 20)}`,
      );
    }
    await createRollout(fleet, AT_ONCE);
    await fleet.everybodyUpdates();
    expect((await because(fleet, 1)).sentence).toBe('duck-1 is up to date with duck-policy@2.0.0.');
  });

  test('outside its maintenance window stages and waits, and the window is what explain names', async () => {
    const fleet = await rolloutFleet(1);
    const window = {
      name: 'nights',
      scope: { fleet: true as const },
      from: '02:00',
      to: '04:00',
      zone: 'Europe/Berlin',
    };
    await fleet.operator.createWindow({ body: window });
    await createRollout(fleet, AT_ONCE);
    await fleet.everybodyUpdates();
    const { sentence } = await because(fleet, 1);
    expect(sentence).toContain('maintenance window nights opens at 2026-11-22T01:00:00.000Z');
    fleet.clock.pass(16 * 3_600_000 + 60_000);
    await fleet.drive();
    await fleet.everybodyUpdates();
    expect(await fleet.ordered()).toEqual([]);
  });

  test('that joins a rollout which reached no robot makes it run again, and complete', async () => {
    const fleet = await rolloutFleet(1);
    const [duck1] = fleet.robots;
    if (!duck1) throw new Error('there is one');
    const label = (labels: Record<string, string>) =>
      fleet.operator.changeRobot({ params: { robot: duck1.name }, body: { labels } });
    await label({ site: 'oslo' });
    const startAt = new Date(fleet.clock.now() + 60_000).toISOString();
    const target = { selector: 'site=oslo' };
    const rollout = await createRollout(fleet, { ...AT_ONCE, target, startAt, newRobots: 'include' });
    await label({});
    fleet.clock.pass(60_000);
    await fleet.drive();
    expect(await showRollout(fleet, rollout)).toMatchObject({
      state: 'ended-without-robots',
      stopped: { by: 'control-plane' },
    });
    await label({ site: 'oslo' });
    await expect.poll(async () => (await showRollout(fleet, rollout)).state).toBe('running');
    expect(await showRollout(fleet, rollout)).not.toHaveProperty('stopped');
    await fleet.drive();
    await fleet.everybodyUpdates();
    expect(await showRollout(fleet, rollout)).toMatchObject({ state: 'completed', members: 1 });
  });

  test('waits for its turn in words that name the stage before it', async () => {
    const fleet = await rolloutFleet(3);
    const rollout = await createRollout(fleet, {
      shape: { strategy: 'canary', stages: [{ upTo: { count: 1 } }, { upTo: { percent: 100 } }] },
    });
    const [canary] = await fleet.ordered();
    const other = fleet.robots.findIndex(({ name }) => name !== canary?.robot.name) + 1;
    const told = await because(fleet, other);
    expect(told.sentence).toBe(
      `duck-${other} waits for its turn in rollout ${rollout}: Stage 1 waits for its robots: 0 of 1 succeeded; 1 must.`,
    );
    expect(told.blocked).toBe(true);
  });

  test('on which one update after the other fails is quarantined until it is readmitted', async () => {
    const fleet = await rolloutFleet(1);
    for (const version of ['2.1.0', '2.2.0', '2.3.0']) {
      await fleet.publisher.publish({ version });
      await createRollout(fleet, { ...AT_ONCE, version: version as CreateBody['version'] });
      await fleet.everybodyUpdates('rolled-back');
    }
    const { sentence, unblock } = await because(fleet, 1);
    expect(sentence).toContain('The last 3 updates of duck-1 failed');
    expect(unblock).toContain('fairlead robot readmit duck-1');
    const [duck1] = fleet.robots;
    if (!duck1) throw new Error('there is one');
    const readmitted = await fleet.operator.readmitRobot({ params: { robot: duck1.name } });
    expect(readmitted.quarantined).toBeUndefined();
  });

  test('that joins later is taken along where the rollout says so, and left out where it does not', async () => {
    const fleet = await rolloutFleet(1);
    const rollout = await createRollout(fleet, { ...AT_ONCE, newRobots: 'include' });
    await fleet.everybodyUpdates();
    expect((await showRollout(fleet, rollout)).state).toBe('completed');
    const late = await fleet.robot('late-1');
    await expect.poll(async () => (await showRollout(fleet, rollout)).state).toBe('running');
    await fleet.drive();
    expect((await late.ask({ understands: ['hold'] })).assignment?.components).toHaveLength(1);
    expect(await showRollout(fleet, rollout)).toMatchObject({ members: 2 });
  });
});

test('a stage whose robots tell a latency above the threshold fails, though all of them succeeded', async () => {
  const fleet = await rolloutFleet(2);
  const conditions = [{ metric: 'inference_latency_p95_ms', max: 20 }];
  const stages = [{ upTo: { count: 1 }, soakSec: 60, gate: { conditions } }, { upTo: { percent: 100 } }];
  const rollout = await createRollout(fleet, { shape: { strategy: 'canary', stages } });
  await fleet.everybodyUpdates();
  expect(await showRollout(fleet, rollout)).toMatchObject({ stages: [{ state: 'soaking' }, { state: 'pending' }] });
  for (const robot of fleet.robots) await robot.ask({ metrics: { inference_latency_p95_ms: 31 } });
  // The engine looks at what no report brings every few seconds.
  fleet.clock.pass(6000);
  await fleet.drive();
  expect(await showRollout(fleet, rollout)).toMatchObject({
    state: 'paused',
    blocked: { why: { category: 'metric', detail: expect.stringContaining('at most 20 on 0 of the 1 robots') } },
  });
});

describe('a newer rollout of the same component', () => {
  test('takes the place of an older one that has nothing left to do', async () => {
    const fleet = await rolloutFleet(2);
    await fleet.publisher.publish({ version: '3.0.0' });
    const older = await createRollout(fleet);
    const newer = await createRollout(fleet, { ...AT_ONCE, version: '3.0.0' as CreateBody['version'] });
    expect(await showRollout(fleet, older)).toMatchObject({ state: 'superseded', followedBy: newer });
    expect((await fleet.ordered()).map(({ order }) => order.target.version)).toEqual(['3.0.0', '3.0.0']);
  });

  test('of less weight waits for the robots that the weightier one still keeps', async () => {
    const fleet = await rolloutFleet(1);
    await fleet.publisher.publish({ version: '3.0.0' });
    await createRollout(fleet, { ...AT_ONCE, priority: 90 });
    const lighter = await createRollout(fleet, { ...AT_ONCE, version: '3.0.0' as CreateBody['version'], priority: 10 });
    expect(await showRollout(fleet, lighter)).toMatchObject({
      state: 'running',
      blocked: { why: { category: 'kept_by_others' } },
    });
    await fleet.everybodyUpdates();
    fleet.clock.pass(6000);
    await fleet.drive();
    expect((await fleet.ordered()).map(({ order }) => order.target.version)).toEqual(['3.0.0']);
  });
});

test('what is published for an environment that deploys by itself goes to its robots without being asked for', async () => {
  const fleet = await rolloutFleet(1);
  const autoDeploy = [{ component: '*', channel: 'dev', selector: 'environment=development' }];
  await fleet.operator.changeEnvironment({ params: { environment: 'development' }, body: { autoDeploy } });
  await fleet.publisher.publish({ version: '2.1.0-dev.my-branch.1a2b3c4d' });
  await expect.poll(async () => (await fleet.operator.listRollouts({ query: {} })).items.length).toBe(1);
  await fleet.drive();
  expect((await fleet.ordered()).map(({ order }) => order.target.version)).toEqual(['2.1.0-dev.my-branch.1a2b3c4d']);
});

test('a disruption budget is never exceeded, and the robot behind it is told which one is full', async () => {
  const fleet = await rolloutFleet(2);
  for (const { name } of fleet.robots) {
    await fleet.operator.changeRobot({ params: { robot: name }, body: { labels: { site: 'munich' } } });
  }
  await fleet.operator.saveBudget({ body: { label: 'site', maxUnavailable: 1 } });
  const rollout = await createRollout(fleet, AT_ONCE);
  for (const { robot, order } of await fleet.ordered()) {
    const { deployment, component } = order;
    await robot.ask({ understands: ['hold'], activity: { state: 'waiting', deployment, component, ready: true } });
  }
  await fleet.drive();
  expect((await showRollout(fleet, rollout)).stages[0]?.counts).toMatchObject({ ready: 1, granted: 1 });
  const told = await Promise.all([1, 2].map(async (n) => (await because(fleet, n)).sentence));
  expect(told.filter((sentence) => sentence.includes('site=munich has 1 of 1 robot in update'))).toHaveLength(1);
});
