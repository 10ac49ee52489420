/** Two control planes on one database: what one does binds on the other. */
import type { RobotId } from '@fairlead/shared/ids';
import { testClock } from '@fairlead/shared/testing/test-clock';
import { DAY, HOUR } from '@fairlead/shared/time';
import { generateKeyPair, signerFromSeed } from '@fairlead/shared/trust/ed25519';
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest';
import { openPostgresSignals } from './signals/postgres-signals.ts';
import { kyselyStore } from './store/kysely-store.ts';
import { migrate } from './store/migrate.ts';
import { openPostgres } from './store/postgres-database.ts';
import { delayedCheckIn } from './testing/delayed-check-in.ts';
import { TEST_URL } from './testing/inject-transport.ts';
import { refusal } from './testing/refusal.ts';
import { PASSWORD, testControlPlane } from './testing/test-control-plane.ts';
import { fleetRobot, installed, running } from './testing/test-fleet.ts';
import { noPostgres, startTestPostgres, type TestPostgres } from './testing/test-postgres.ts';
import { testPublisher } from './testing/test-publisher.ts';
import { question, testRobot } from './testing/test-robot.ts';
import { refreshOnce } from './trust/keep-fresh.ts';

const duck = 'duck-1' as RobotId;
const SOON = { timeout: 5000 };

describe.skipIf(noPostgres)(`replicas${noPostgres ? ` (${noPostgres})` : ''}`, () => {
  let postgres: TestPostgres;
  beforeAll(async () => {
    postgres = await startTestPostgres();
    const template = openPostgres({ url: await postgres.createDatabase() });
    await migrate(template);
    await template.destroy();
  });
  afterAll(() => postgres?.remove());

  /** Two replicas with one clock and one set of keys, and a robot that can speak to each. */
  async function replicas() {
    const url = await postgres.createDatabase('fleet_1');
    const clock = testClock();
    const key = () => signerFromSeed(generateKeyPair().seed);
    const onlineKeys = { snapshot: key(), timestamp: key(), director: key() };
    const open = async () => {
      const store = kyselyStore(openPostgres({ url }), 'PostgreSQL');
      const signals = await openPostgresSignals({ url });
      onTestFinished(async () => {
        await signals.close();
        await store.close();
      });
      return testControlPlane({ clock, replica: { store, signals, onlineKeys } });
    };
    const [a, b] = [await open(), await open()];
    const operator = (await a.as('admin')).operator;
    const { token } = await a.withToken().operator.login({ body: { name: 'the-admin', password: PASSWORD } });
    const signer = key();
    const robotAt = (replica: typeof a) => testRobot(replica, duck, { signer });
    await robotAt(a).enrol();
    await operator.acceptRobot({ params: { robot: duck }, body: {} });
    return { a, b, clock, operator, onB: b.withToken(token).operator, atA: robotAt(a), atB: robotAt(b) };
  }

  test('who logged in at one is known to the other, until an admin changes the password there', async () => {
    const { a, onB } = await replicas();
    expect(await onB.me()).toMatchObject({ name: 'the-admin' });
    const user = await a.store.people.find('the-admin');
    if (user) await a.store.people.replace({ ...user, sessionGeneration: 2 });
    expect(await refusal(onB.me())).toBe('unauthenticated');
  });

  test('a setting that is changed at one is the pace of the other', async () => {
    const { operator, onB, atB } = await replicas();
    const settings = await operator.showSettings();
    await operator.changeSettings({ body: { ...settings, checkInIntervalSec: 17 } });
    await vi.waitFor(async () => expect(await onB.showSettings()).toMatchObject({ checkInIntervalSec: 17 }), SOON);
    expect((await atB.checkIn()).next).toMatchObject({ intervalSec: 17 });
  });

  test('a robot that checks in at one is online at the other, with all that either was told', async () => {
    const { a, b, clock, operator, atB } = await replicas();
    clock.pass(HOUR);
    await atB.checkIn({ bootId: 'boot-9' });
    await b.stop();
    await vi.waitFor(async () => {
      const robot = await operator.showRobot({ params: { robot: duck } });
      // The inventory came at the enrolment, to the other replica, and was written by neither when the robot checked in.
      expect(robot).toMatchObject({ presence: 'online', inventory: { hostname: 'duck' } });
    }, SOON);
    await a.stop();
    const { heard } = await a.store.presence.since(-1);
    expect(heard).toMatchObject([{ robot: duck, lastSeen: clock.now(), facts: { bootId: 'boot-9' } }]);
    expect(heard[0]?.facts.inventory).toBeDefined();
  });

  test('a check-in that arrives late at one changes nothing that the other has been told since', async () => {
    const { a, b, clock, operator, atA } = await replicas();
    const publisher = await testPublisher(a);
    const [v1, v2] = [await publisher.publish({ version: '1.0.0' }), await publisher.publish({ version: '2.0.0' })];
    const robot = fleetRobot(a, publisher, atA);
    await robot.runs(v1);
    const { component, version } = v2.manifest;
    const { deployments } = await operator.deploy({ body: { target: { robot: duck }, component, version } });
    const deployment = deployments[0]?.deployment;
    if (!deployment) throw new Error('the update is ordered');
    await robot.runs(v1);
    const arrives = delayedCheckIn(b, robot, { components: [installed(v1)] });
    clock.pass(20_000);
    const outcome = 'succeeded' as const;
    await robot.tells({ event: 'update-ended', deployment, component, outcome, active: running(v2) });
    await robot.runs(v2, v1);
    clock.pass(5_000);
    // Whether the other one knows of the newer check-in by now, or not.
    await arrives();
    expect((await operator.listDeployments({ query: { robot: duck } })).items).toMatchObject([{ state: 'succeeded' }]);
    await vi.waitFor(async () => {
      const { heard } = await a.store.presence.since(-1);
      expect(heard).toMatchObject([{ facts: { components: [{ active: { version } }] } }]);
    }, SOON);
  });

  test('a robot that is decommissioned at one is refused by the other with its next word', async () => {
    const { operator, atB } = await replicas();
    await atB.checkIn();
    await operator.decommissionRobot({ params: { robot: duck } });
    expect(await refusal(atB.checkIn())).toBe('bad_signature');
  });

  test('attack 65: a request that one has answered is a replay to the other', async () => {
    const { a, b, atA } = await replicas();
    const url = new URL(`${TEST_URL}/api/v1/robots/${duck}/check-in`);
    const payload = JSON.stringify(question());
    const signed = atA.sign({ method: 'POST', url, body: Buffer.from(payload) });
    const headers = { host: url.host, 'content-type': 'application/json', ...signed };
    const request = { method: 'POST', url: url.pathname, headers, payload } as const;
    expect((await a.app.inject(request)).statusCode).toBe(200);
    expect((await b.app.inject(request)).json()).toMatchObject({ code: 'replay' });
    const together = await Promise.all([b.app.inject(request), a.app.inject(request)]);
    expect(together.map((reply) => reply.statusCode)).toEqual([401, 401]);
  });

  test('what is due to be signed again is signed by one of them, once', async () => {
    const { a, b, clock } = await replicas();
    await testPublisher(a);
    const before = await a.store.metadata.newest('timestamp');
    clock.pass(7 * HOUR);
    const both = [a, b].map(({ store, onlineKeys }) => refreshOnce(store, { keys: onlineKeys, clock }));
    await Promise.all([...both, ...both]);
    expect((await b.store.metadata.newest('timestamp'))?.version).toBe((before?.version ?? 0) + 1);
    clock.pass(4 * DAY);
    await Promise.all([a, b].map(({ store, onlineKeys }) => refreshOnce(store, { keys: onlineKeys, clock })));
    expect((await a.store.metadata.newest('snapshot'))?.version).toBe(2);
  });

  test('an order at one ends the long-poll that the other holds open', async () => {
    const { operator, atB } = await replicas();
    const asked = performance.now();
    const waiting = atB.checkIn({ waitSec: 25 });
    await new Promise((resolve) => setTimeout(resolve, 300));
    // The robot's record changes: its answer differs from now on.
    await operator.changeRobot({ params: { robot: duck }, body: { group: 'pond' } });
    await waiting;
    // Not by its patience, which is 25 s.
    expect(performance.now() - asked).toBeLessThan(20_000);
  });

  test('a request with one key that comes to both is carried out once', async () => {
    const { a, b } = await replicas();
    const { token } = await a.withToken().operator.login({ body: { name: 'the-admin', password: PASSWORD } });
    const request = {
      method: 'POST',
      url: '/api/v1/robots/duck-1/accept',
      headers: { authorization: `Bearer ${token}`, 'idempotency-key': 'once', 'content-type': 'application/json' },
      payload: '{}',
    } as const;
    const replies = await Promise.all([a, b].map(({ app }) => app.inject(request)));
    const carriedOut = replies.filter((reply) => reply.statusCode === 200 && !reply.headers['idempotent-replayed']);
    expect(carriedOut).toHaveLength(1);
  });
});
