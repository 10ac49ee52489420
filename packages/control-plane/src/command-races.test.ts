/** Two commands in one moment, through the API: one after the other is a possible order, and nothing in between is. */
import { ProblemError } from '@fairlead/shared/api/client';
import { isTerminal } from '@fairlead/shared/fleet/states';
import type { RolloutId } from '@fairlead/shared/ids';
import { generateKeyPair, signerFromSeed } from '@fairlead/shared/trust/ed25519';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { inProcessSignals } from './signals/signals.ts';
import { kyselyStore } from './store/kysely-store.ts';
import { migrate } from './store/migrate.ts';
import { openPostgres } from './store/postgres-database.ts';
import { type RolloutFleet, rolloutFleet } from './testing/rollout-fleet.ts';
import { type FleetRobot, fleetRobot, running } from './testing/test-fleet.ts';
import { noPostgres, startTestPostgres, type TestPostgres } from './testing/test-postgres.ts';

const AT_ONCE = { strategy: 'all-at-once' } as const;
const BLUE_GREEN = { strategy: 'blue-green' } as const;

/** Answers the code of each: `ok`, or that of the problem. Any other failure, and any of the server, fails the test. */
async function atOnce(...commands: readonly (() => Promise<unknown>)[]): Promise<string[]> {
  return Promise.all(
    commands.map((command) =>
      command().then(
        () => 'ok',
        (error: unknown) => {
          if (!(error instanceof ProblemError) || error.problem.status >= 500) throw error;
          return error.problem.code;
        },
      ),
    ),
  );
}

async function expectOneOrderAtWork({ controlPlane: { store }, robots }: RolloutFleet): Promise<void> {
  for (const { name } of robots) {
    const open = (await store.deployments.list({ robot: name }, { limit: 100 })).filter(
      (one) => !isTerminal(one.state),
    );
    const { deployments } = await store.desired.of(name);
    expect(open.length, `open orders of ${name}`).toBeLessThanOrEqual(1);
    for (const { deployment } of open) expect(deployments.map((one) => one.deployment)).toContain(deployment);
  }
}

const show = ({ operator }: RolloutFleet, rollout: RolloutId) => operator.showRollout({ params: { rollout } });
const targetOf = ({ name }: FleetRobot) => ({ robot: name });

async function create(fleet: RolloutFleet, shape: typeof AT_ONCE | typeof BLUE_GREEN): Promise<RolloutId> {
  const { component, v2, operator } = fleet;
  const body = { target: { all: true }, component, version: v2.version, shape } as const;
  return (await operator.createRollout({ body })).rollout;
}

/** Everybody is ordered 2.0.0 and waits for nothing but the grant. */
async function readyToSwitch(fleet: RolloutFleet): Promise<RolloutId> {
  await fleet.everybodyRuns(fleet.v1);
  const rollout = await create(fleet, AT_ONCE);
  await fleet.drive();
  for (const { robot, order } of await fleet.ordered()) {
    const { deployment, component } = order;
    await robot.ask({ understands: ['hold'], activity: { state: 'waiting', deployment, component, ready: true } });
  }
  return rollout;
}

type OpenFleet = (size: number) => Promise<RolloutFleet>;

function describeRaces(database: string, open: OpenFleet) {
  describe(`two commands in one moment on ${database}`, () => {
    test('two direct orders: one is at work, the other was replaced, and both are answered', async () => {
      const fleet = await open(1);
      const [robot] = fleet.robots;
      if (!robot) throw new Error('there is a robot');
      const { component, v1, v2, operator } = fleet;
      const deploy = (version: typeof v1.version) => () =>
        operator.deploy({ body: { target: targetOf(robot), component, version } });
      expect(await atOnce(deploy(v1.version), deploy(v2.version), deploy(v1.version))).toEqual(['ok', 'ok', 'ok']);
      await expectOneOrderAtWork(fleet);
    });

    test('a direct order and the start of a rollout: the robot has one order, and the rollout goes on with the others', async () => {
      const fleet = await open(2);
      const [robot] = fleet.robots;
      if (!robot) throw new Error('there are robots');
      await fleet.everybodyRuns(fleet.v1);
      const { component, operator, publisher } = fleet;
      const v3 = await publisher.publish({ version: '3.0.0' });
      const rollout = await create(fleet, AT_ONCE);
      const order = () =>
        operator.deploy({ body: { target: targetOf(robot), component, version: v3.manifest.version } });
      expect(await atOnce(fleet.drive, order, fleet.drive)).toEqual(['ok', 'ok', 'ok']);
      await fleet.drive();
      await expectOneOrderAtWork(fleet);
      const { deployments } = await fleet.controlPlane.store.desired.of(robot.name);
      expect(deployments).toMatchObject([{ version: '3.0.0' }]);
      expect((await show(fleet, rollout)).state).toBe('running');
    });

    test('a quarantine and the grant of the switch: the robot is told nothing, and the others go on', async () => {
      const fleet = await open(2);
      await readyToSwitch(fleet);
      const [robot, other] = fleet.robots;
      if (!robot || !other) throw new Error('there are robots');
      const clone = fleetRobot(fleet.controlPlane, fleet.publisher, robot);
      const says = (by: FleetRobot, name: string) =>
        by.tells({ event: 'local-rollback', component: fleet.component, by: name, active: running(fleet.v1) });
      await says(robot, 'ann');
      const codes = await atOnce(() => says(clone, 'bob'), fleet.drive);
      expect(codes).toEqual(['fork', 'ok']);
      await fleet.drive();
      expect((await robot.ask()).assignment).toBeUndefined();
      const granted = (await fleet.controlPlane.store.desired.of(other.name)).deployments[0]?.part?.grantedAt;
      expect(granted).toBeDefined();
    });

    test('a readmission and the grant of the switch: the robot has one order', async () => {
      const fleet = await open(2);
      await readyToSwitch(fleet);
      const [robot] = fleet.robots;
      if (!robot) throw new Error('there are robots');
      const { operator, controlPlane } = fleet;
      const record = await controlPlane.store.robots.find(robot.name);
      if (!record) throw new Error('it has enrolled');
      const why = {
        category: 'repeated_failures',
        detail: 'Its updates failed.',
        retryable: true,
        hint: 'Look at it.',
      };
      await controlPlane.store.robots.save({
        ...record,
        quarantined: { phase: 'assign', element: robot.name, ...why },
      });
      const readmit = () => operator.readmitRobot({ params: { robot: robot.name } });
      expect(await atOnce(readmit, fleet.drive, readmit)).toEqual(['ok', 'ok', 'ok']);
      await expectOneOrderAtWork(fleet);
      expect(await operator.showRobot({ params: { robot: robot.name } })).not.toHaveProperty('quarantined');
      await fleet.everybodyUpdates();
      const { deployments } = await controlPlane.store.desired.of(robot.name);
      expect(deployments).toMatchObject([{ version: '2.0.0', state: 'succeeded' }]);
    });

    test('a decommissioning and a rollout: nothing is ordered of the robot, and the rollout does not wait for it', async () => {
      const fleet = await open(2);
      const rollout = await readyToSwitch(fleet);
      const [robot, other] = fleet.robots;
      if (!robot || !other) throw new Error('there are robots');
      const decommission = () => fleet.operator.decommissionRobot({ params: { robot: robot.name } });
      expect(await atOnce(fleet.drive, decommission, fleet.drive)).toEqual(['ok', 'ok', 'ok']);
      await fleet.drive();
      expect((await fleet.controlPlane.store.desired.of(robot.name)).deployments).toEqual([]);
      await expectOneOrderAtWork(fleet);
      const order = (await other.ask({ understands: ['hold'] })).assignment?.components[0];
      if (!order || order.hold) throw new Error('the other one was granted its switch');
      const { deployment, component } = order;
      const ended = { event: 'update-ended', deployment, component, outcome: 'succeeded' } as const;
      await other.tells({ ...ended, active: running(fleet.v2), previous: running(fleet.v1) });
      await fleet.drive();
      const { stages } = await show(fleet, rollout);
      expect(stages[0]?.counts.states).toMatchObject({ succeeded: 1 });
    });

    test('an approval and a denial by two people: one of them decides, and a denied rollout orders nothing', async () => {
      const fleet = await open(1);
      await fleet.everybodyRuns(fleet.v1);
      const { operator, controlPlane } = fleet;
      const environment = 'development';
      await operator.changeEnvironment({ params: { environment }, body: { approvals: 'one' } });
      const rollout = await create(fleet, AT_ONCE);
      const [ann, bob] = [(await controlPlane.as('operator')).operator, operator];
      const command = { params: { rollout }, body: {} };
      const codes = await atOnce(
        () => ann.approveRollout(command),
        () => bob.denyRollout(command),
        fleet.drive,
      );
      await fleet.drive();
      const { state } = await show(fleet, rollout);
      expect(codes.filter((code) => code !== 'ok' && code !== 'conflict')).toEqual([]);
      const ordered = (await controlPlane.store.deployments.list({}, { limit: 10 })).length;
      expect([state, ordered]).toEqual(state === 'denied' ? ['denied', 0] : ['running', 1]);
    });

    test('a finalization and a switch back: exactly one happens, and no robot is left between them', async () => {
      const fleet = await open(2);
      await fleet.everybodyRuns(fleet.v1);
      const rollout = await create(fleet, BLUE_GREEN);
      await fleet.drive();
      await fleet.everybodyUpdates();
      const params = { rollout };
      await fleet.operator.switchRollout({ params, body: {} });
      await fleet.everybodyUpdates();
      const command = { params, body: {} };
      const codes = await atOnce(
        () => fleet.operator.finaliseRollout(command),
        () => fleet.operator.switchBackRollout(command),
        () => fleet.operator.abortRollout({ params, body: { revert: true } }),
      );
      await fleet.drive();
      const { finalisedAt, followedBy } = await show(fleet, rollout);
      expect(codes.slice(0, 2).filter((code) => code === 'ok')).toHaveLength(1);
      expect([finalisedAt !== undefined, followedBy !== undefined].filter(Boolean)).toHaveLength(1);
      await expectOneOrderAtWork(fleet);
      const orders = await Promise.all(fleet.robots.map(({ name }) => fleet.controlPlane.store.desired.of(name)));
      const versions = orders.map(({ deployments }) => deployments[0]?.version);
      const expected = followedBy === undefined ? '2.0.0' : '1.0.0';
      expect(versions).toEqual([expected, expected]);
    });
  });
}

describeRaces('SQLite', (size) => rolloutFleet(size));

describe.skipIf(noPostgres)(`PostgreSQL${noPostgres ? ` (${noPostgres})` : ''}`, () => {
  let postgres: TestPostgres;
  beforeAll(async () => {
    postgres = await startTestPostgres();
  });
  afterAll(() => postgres?.remove());

  describeRaces('PostgreSQL', async (size) => {
    const url = await postgres.createDatabase();
    const database = openPostgres({ url });
    await migrate(database);
    const store = kyselyStore(database, 'PostgreSQL');
    onTestFinished(() => store.close());
    const key = () => signerFromSeed(generateKeyPair().seed);
    const onlineKeys = { snapshot: key(), timestamp: key(), director: key() };
    return rolloutFleet(size, { replica: { store, signals: inProcessSignals(), onlineKeys } });
  });
});
