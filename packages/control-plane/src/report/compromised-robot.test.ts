/** What one robot whose key was stolen can do to the control plane, and to other robots, with what it says of itself. */
import type { Refusal } from '@fairlead/shared/failure';
import { MOST_ALARMS } from '@fairlead/shared/fleet/degradation';
import type { ComponentName, DeploymentId } from '@fairlead/shared/ids';
import { DAY, HOUR, SECOND } from '@fairlead/shared/time';
import { GENESIS_REPORT } from '@fairlead/shared/trust/report';
import { signReport } from '@fairlead/shared/trust/sign-report';
import { describe, expect, test } from 'vitest';
import { rolloutFleet } from '../testing/rollout-fleet.ts';
import { fleetRobot, installed, running, testFleet } from '../testing/test-fleet.ts';
import { MOST_PER_ORDER } from './apply-override.ts';

const duck = 'duck-policy' as ComponentName;
const HEAD = {
  schema: 'fairlead.report.v1',
  bootId: 'boot-1',
  clockTrust: 'director',
  prevReportSha256: GENESIS_REPORT,
  time: '2026-11-21T09:00:00.000Z',
} as const;
const alarm = (more: Partial<Refusal> = {}): Refusal => ({
  phase: 'verify',
  component: duck,
  element: 'policy.onnx',
  category: 'active_damaged',
  detail: 'x'.repeat(2000),
  retryable: true,
  hint: 'Check the disk.',
  ...more,
});

/** One robot that has committed version 2, and says so. */
async function committed() {
  const fleet = await testFleet();
  const { operator, publisher } = fleet;
  const [v1, v2] = [await publisher.publish({ version: '1.0.0' }), await publisher.publish({ version: '2.0.0' })];
  const robot = await fleet.robot('duck-1');
  await robot.runs(v1);
  const target = { robot: robot.name };
  await operator.deploy({ body: { target, component: duck, version: v2.manifest.version } });
  const nextOrder = async () => (await robot.runs(v1)).assignment?.components[0]?.deployment;
  const first = await nextOrder();
  if (!first) throw new Error('nothing is ordered');
  const success = (deployment: typeof first) =>
    ({ event: 'update-ended', deployment, component: duck, outcome: 'succeeded', active: running(v2) }) as const;
  await robot.tells(success(first));
  /** An emergency order, as the robot hears it. */
  const breakGlass = async () => {
    const v3 = await publisher.publish({ version: '3.0.0' });
    await operator.createRollout({
      body: {
        target: { robot: robot.name },
        component: duck,
        version: v3.manifest.version,
        shape: { strategy: 'all-at-once' },
        emergency: { reason: 'urgent', skips: ['lease'] },
      },
    });
    await fleet.controlPlane.drive();
    const { assignment } = await robot.ask({ understands: ['hold'] });
    const deployment = assignment?.components[0]?.deployment;
    if (!deployment) throw new Error('nothing is ordered');
    return deployment;
  };
  return { ...fleet, join: fleet.robot, robot, breakGlass, first, v1, v2, success, nextOrder };
}

describe('a compromised robot', () => {
  test('attack 93: that calls its success old is ordered its release again no more often than others', async () => {
    const { robot, controlPlane, success, nextOrder } = await committed();
    const ordered: string[] = [];
    for (let round = 0; round < 10; round += 1) {
      const deployment = await nextOrder();
      if (!deployment || ordered.includes(deployment)) break;
      ordered.push(deployment);
      await robot.deliver(robot.sealAt(controlPlane.clock.now() - 365 * DAY, success(deployment)));
    }
    expect(ordered).toHaveLength(3);
  });

  test('attack 94: that changes with each check-in what it says writes no history without end', async () => {
    const { robot, v1, v2, controlPlane } = await committed();
    const { deployments } = controlPlane.store;
    const countEvents = async () => {
      const all = await deployments.list({ robot: robot.name }, { limit: 500 });
      const events = await Promise.all(all.map(({ deployment }) => deployments.events(deployment)));
      return events.flat().length;
    };
    const says = (state: 'degraded' | 'healthy', round: number) => ({
      ...installed(v2),
      health: { state, since: '2026-11-21T09:00:00.000Z', refusal: alarm({ element: `check ${round}` }) },
    });
    const before = await countEvents();
    for (let round = 0; round < 66; round += 1) {
      controlPlane.clock.pass(SECOND / 10);
      await robot.ask({ components: [says(round % 2 === 0 ? 'degraded' : 'healthy', round)] });
    }
    for (let round = 0; round < 24; round += 1) await robot.runs(round % 2 === 0 ? v1 : v2);
    expect((await countEvents()) - before).toBeLessThan(80);
    expect(controlPlane.log.filter((line) => line.includes('more often than it may'))).not.toEqual([]);
    // What it says in the end counts, once it has calmed down.
    controlPlane.clock.pass(HOUR);
    await robot.ask({ components: [says('degraded', 0)] });
    await robot.ask({ components: [says('healthy', 0)] });
    expect((await controlPlane.store.desired.of(robot.name)).deployments).toMatchObject([{ state: 'succeeded' }]);
  });

  test('attack 95: that invents alarms does not make its deployment grow, which stays degraded', async () => {
    const fleet = await rolloutFleet(1);
    await fleet.everybodyRuns(fleet.v1);
    const stages = [{ upTo: { percent: 100 }, soakSec: 3600 }];
    const shape = { strategy: 'canary' as const, stages };
    await fleet.operator.createRollout({
      body: { target: { all: true }, component: duck, version: fleet.v2.version, shape, onFailure: 'pause' },
    });
    await fleet.drive();
    await fleet.everybodyUpdates();
    const [robot] = fleet.robots;
    if (!robot) throw new Error('the fleet has a robot');
    await robot.tells(
      ...Array.from({ length: 60 }, (_, n) => ({ event: 'alarm' as const, refusal: alarm({ element: `file ${n}` }) })),
    );
    const [deployment] = (await fleet.controlPlane.store.desired.of(robot.name)).deployments;
    expect([deployment?.state, deployment?.degradedBy?.length]).toEqual(['degraded', MOST_ALARMS]);
  });

  test('attack 99: that is cloned changes no outcome by what its check-ins say', async () => {
    const { robot, v1, v2, controlPlane, publisher, first } = await committed();
    const clone = fleetRobot(controlPlane, publisher, robot);
    const health = (state: 'degraded' | 'healthy') => ({ state, since: '2026-11-21T09:00:00.000Z' });
    await robot.ask({ components: [{ ...installed(v2), health: health('degraded') }] });
    const stateOf = async () => (await controlPlane.store.deployments.find(first))?.state;
    expect(await stateOf()).toBe('degraded');
    await expect(clone.tells({ event: 'alarm', refusal: alarm() })).rejects.toMatchObject({
      problem: { code: 'fork' },
    });
    await clone.ask({ components: [{ ...installed(v2), health: health('healthy') }] });
    expect(await stateOf()).toBe('degraded');
    const before = await controlPlane.store.deployments.list({ robot: robot.name }, { limit: 10 });
    await clone.ask({ components: [installed(v1)] });
    expect(await controlPlane.store.deployments.list({ robot: robot.name }, { limit: 10 })).toEqual(before);
  });

  test('attack 100: that names the order of another robot changes nothing of it, and its alarms are its own', async () => {
    const { robot: honest, join, first, controlPlane, v2 } = await committed();
    const robot = await join('duck-2');
    const before = await controlPlane.store.deployments.find(first);
    await honest.tells({ event: 'alarm', refusal: alarm() });
    const about = { event: 'health-changed', deployment: first, component: duck, active: running(v2) } as const;
    const refusals = [
      { ...about, state: 'degraded' as const, refusal: alarm() },
      { event: 'update-ended', deployment: first, component: duck, outcome: 'rolled-back' } as const,
    ];
    for (const event of refusals) {
      await expect(robot.tells(event)).rejects.toMatchObject({
        problem: { code: 'refused', refusal: { category: 'unknown_deployment' } },
      });
    }
    const { element, category } = alarm();
    await robot.tells({ event: 'alarm-resolved', component: duck, element, category });
    await robot.tells({ event: 'local-rollback', component: duck, by: 'root', previous: running(v2) });
    expect(await controlPlane.store.deployments.find(first)).toEqual(before);
    expect(await controlPlane.store.abandoned.of(honest.name, duck)).toEqual([]);
    expect(await controlPlane.store.alarms.counts()).toEqual({ open: 1, acknowledged: 0 });
  });

  test('attack 101: that reports lines of a log writes one line, and none of its own', async () => {
    const { robot, controlPlane } = await committed();
    const forged = '\n<0>{"level":60,"msg":"forged"}\r\n\u2028<0>';
    await robot.tells({ event: 'alarm', refusal: alarm({ element: forged, detail: forged, hint: forged }) });
    const lines = controlPlane.log.filter((line) => line.includes('a robot raised an alarm'));
    expect(lines).toHaveLength(1);
    expect(lines[0]?.trimEnd()).not.toMatch(/[\r\n]/);
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({ level: 40, refusal: { detail: forged } });
  });

  test('attack 98: that names a person is the author itself, in the audit log and of what it left', async () => {
    const { robot, v2, operator, breakGlass } = await committed();
    const deployment = await breakGlass();
    const by = 'the-admin';
    const active = running(v2);
    await robot.tells(
      { event: 'override', deployment, component: duck, by, reason: 'urgent', skipped: [alarm()] },
      { event: 'local-rollback', component: duck, by, previous: active },
    );
    const [entry] = (await operator.listAudit({ query: { action: 'robot.override' } })).items;
    expect(entry).toMatchObject({ by: 'duck-1', detail: expect.stringContaining('the-admin on duck-1 switched') });
    const body = { target: { robot: robot.name }, component: duck, toVersion: v2.manifest.version };
    const { skipped } = await operator.rollBack({ body });
    expect(skipped[0]?.refusal.detail).toContain('was rolled back from duck-policy@2.0.0 by duck-1 at');
  });

  test('attack 105: that reports overrides fills no audit log, and hides no notice of others from operators', async () => {
    const { robot, operator, breakGlass, first } = await committed();
    const reason = 'urgent';
    const override = { event: 'override' as const, component: duck, by: 'the-admin', reason, skipped: [alarm()] };
    // Its order steps over nothing, or it has no such order at all.
    for (const deployment of [first, 'dep_0000000001' as DeploymentId]) {
      await expect(robot.tells({ ...override, deployment })).rejects.toMatchObject({
        problem: { refusal: { category: 'unknown_deployment' } },
      });
    }
    const listed = async () => (await operator.listAudit({ query: { action: 'robot.override' } })).items;
    expect(await listed()).toEqual([]);
    const deployment = await breakGlass();
    await robot.tells(...Array.from({ length: 30 }, () => ({ ...override, deployment })));
    expect(await listed()).toHaveLength(MOST_PER_ORDER);
  });

  test('attack 96: that names components without end does not grow in memory', async () => {
    const { robot, v1, controlPlane } = await committed();
    for (let from = 0; from < 120; from += 60) {
      await robot.tells(
        ...Array.from({ length: 60 }, (_, n) => ({
          event: 'local-rollback' as const,
          component: `component-${from + n}` as ComponentName,
          by: 'root',
          active: running(v1),
        })),
      );
    }
    const { operator } = await controlPlane.as('viewer');
    const { components } = await operator.showRobot({ params: { robot: robot.name } });
    expect(components).toHaveLength(100);
  });

  test('attack 103: that says it knows an order far ahead of all others can be ordered something later', async () => {
    const { robot, v2, operator } = await committed();
    for (const knownSeq of [Number.MAX_SAFE_INTEGER, 2_000_000]) {
      expect((await robot.ask({ knownSeq })).assignment?.seq).toBeLessThan(100);
    }
    await expect(robot.ask({ knownSeq: 1e308 })).rejects.toMatchObject({ problem: { code: 'bad_request' } });
    const target = { robot: robot.name };
    await operator.deploy({ body: { target, component: duck, version: v2.manifest.version } });
    const { assignment } = await robot.ask({ knownSeq: 1_000 });
    expect(assignment).toMatchObject({ seq: 1_001, components: [{ component: duck }] });
  });

  test('attack 104: that is cloned, by a machine that leaves a gap, is found and not muted', async () => {
    const { robot, operator } = await committed();
    const events = [{ event: 'alarm', refusal: alarm() }] as const;
    await robot.deliver([signReport({ ...HEAD, robot: robot.name, seq: 1_000_000, body: events[0] }, robot.signer)]);
    await expect(robot.tells(...events)).rejects.toMatchObject({ problem: { code: 'fork' } });
    const { quarantined } = await operator.showRobot({ params: { robot: robot.name } });
    expect(quarantined).toMatchObject({ category: 'fork' });
  });
});
