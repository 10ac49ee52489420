/**
 * No text and no number in a request is answered with a 500, and none is stored that a later request can't read: every route gets
 * its texts from the routes' own schemas, on both databases. A new route is covered by itself.
 */
import { randomBytes } from 'node:crypto';
import type { Route } from '@fairlead/shared/api/route';
import { V1 } from '@fairlead/shared/api/v1';
import type { RobotId } from '@fairlead/shared/ids';
import { testClock } from '@fairlead/shared/testing/test-clock';
import { generateKeyPair, signerFromSeed } from '@fairlead/shared/trust/ed25519';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { openPostgresSignals } from '../signals/postgres-signals.ts';
import { kyselyStore } from '../store/kysely-store.ts';
import { migrate } from '../store/migrate.ts';
import { openPostgres } from '../store/postgres-database.ts';
import { PASSWORD, type TestControlPlane, testControlPlane } from '../testing/test-control-plane.ts';
import { fleetRobot } from '../testing/test-fleet.ts';
import { noPostgres, startTestPostgres, type TestPostgres } from '../testing/test-postgres.ts';
import { testPublisher } from '../testing/test-publisher.ts';
import { testRobot } from '../testing/test-robot.ts';

const TEXTS = ['\0', 'a\0b', '\ud800', 'a\u202e\u001b[2J\r\n<3>{"level":60}', '__proto__', "'; drop table alarms; --"];

/** For texts whose pattern lets nothing else pass. */
const NAMES = [
  'duck-1',
  'duck-policy',
  '2.0.0',
  'development',
  '2026-11-21T09:00:00.000Z',
  'a'.repeat(64),
  'a'.repeat(32),
  'dep_0000000000',
  'ro_0000000000',
  'al_0000000000',
  'a'.repeat(41),
  'abc',
  '10%',
  '10:00',
  'PT1H',
  '1',
  '1.root.json',
];

type Schema = Readonly<Record<string, unknown>>;
const isSchema = (value: unknown): value is Schema => typeof value === 'object' && value !== null;
const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

/** A value that fits the schema, with `text` wherever it lets any text pass, and numbers as small or as large as it lets pass. */
function example(schema: unknown, text: string, size: Size): unknown {
  if (!isSchema(schema)) return null;
  const [first] = [...listOf(schema['enum']), ...('const' in schema ? [schema['const']] : [])];
  if (first !== undefined) return first;
  const [branch] = [...listOf(schema['anyOf']), ...listOf(schema['oneOf'])];
  if (branch !== undefined) return example(branch, text, size);
  switch (schema['type']) {
    case 'object': {
      const all = isSchema(schema['properties']) ? Object.entries(schema['properties']) : [];
      return Object.fromEntries(all.map(([key, each]) => [key, example(each, text, size)]));
    }
    case 'array':
      return [example(schema['items'], text, size)];
    case 'string':
      return exampleText(schema, text);
    case 'boolean':
      return true;
    case 'integer':
    case 'number':
      return exampleNumber(schema, size);
    default:
      return text;
  }
}
type Size = 'small' | 'large';
function exampleNumber({ type, minimum, maximum }: Schema, size: Size): number {
  if (size === 'small') return Math.max(Number(minimum ?? 1), 1);
  return Number(maximum ?? (type === 'integer' ? Number.MAX_SAFE_INTEGER : Number.MAX_VALUE));
}
function exampleText({ pattern, minLength = 0, maxLength = Infinity }: Schema, text: string): string {
  if (typeof pattern !== 'string') return text.padEnd(Number(minLength), 'x').slice(0, Number(maxLength));
  const fits = new RegExp(pattern);
  return fits.test(text) ? text : (NAMES.find((name) => fits.test(name)) ?? text);
}

async function onPostgres(postgres: TestPostgres): Promise<TestControlPlane> {
  const url = await postgres.createDatabase();
  const database = openPostgres({ url });
  await migrate(database);
  const store = kyselyStore(database, 'PostgreSQL');
  const signals = await openPostgresSignals({ url });
  onTestFinished(async () => {
    await signals.close();
    await store.close();
  });
  const key = () => signerFromSeed(generateKeyPair().seed);
  const onlineKeys = { snapshot: key(), timestamp: key(), director: key() };
  return testControlPlane({ clock: testClock(), replica: { store, signals, onlineKeys } });
}

/** A fleet in which every route has something to work on, and a way to call each with one text everywhere. */
async function world(controlPlane: TestControlPlane) {
  const publisher = await testPublisher(controlPlane);
  const { operator } = publisher;
  const v1 = await publisher.publish({ version: '1.0.0' });
  await publisher.publish({ version: '2.0.0' });
  const robot = fleetRobot(controlPlane, publisher, testRobot(controlPlane, 'duck-1'));
  await robot.enrol();
  await operator.acceptRobot({ params: { robot: robot.name }, body: {} });
  await robot.runs(v1);
  const refusal = {
    phase: 'verify' as const,
    element: 'policy.onnx',
    category: 'damaged',
    detail: 'It is damaged.',
    retryable: true,
    hint: 'Check the disk.',
  };
  await robot.tells({ event: 'alarm', refusal });
  const body = { target: { robot: 'duck-1' as RobotId }, component: v1.manifest.component };
  const version = '2.0.0' as typeof v1.manifest.version;
  const { rollout } = await operator.createRollout({ body: { ...body, version } });
  await controlPlane.drive();
  const { deployments } = await controlPlane.store.desired.of(robot.name);
  const [alarm] = (await operator.listAlerts({ query: {} })).items;
  const ids: Readonly<Record<string, string>> = {
    robot: robot.name,
    rollout,
    deployment: deployments[0]?.deployment ?? 'dep_0000000000',
    id: alarm?.id ?? 'al_0000000000',
    component: body.component,
    version: '1.0.0',
    environment: 'development',
    role: 'development',
    seq: '1',
    sha256: 'a'.repeat(64),
    file: '1.root.json',
  };
  const { token } = await controlPlane.withToken().operator.login({ body: { name: 'the-admin', password: PASSWORD } });

  return async (route: Route, text: string, size: Size, asRobot: boolean) => {
    const path = route.path.replaceAll(
      /:([a-zA-Z0-9]+)|\*/g,
      (_found, name: string | undefined) => ids[name ?? ''] ?? encodeURIComponent(text.toWellFormed()),
    );
    const asked = route.query ? (example(route.query, text, size) as Record<string, unknown>) : {};
    const query = Object.entries(asked).map(([name, value]) => {
      const said = String(value).toWellFormed();
      return `${name}=${encodeURIComponent(said)}`;
    });
    const url = new URL(path + (query.length > 0 ? `?${query.join('&')}` : ''), 'http://fairlead.test');
    const json = route.body === undefined || route.body === 'bytes' ? undefined : example(route.body, text, size);
    const payload =
      json === undefined ? undefined : Buffer.from(JSON.stringify({ ...(json as object), ...own(route) }));
    const headers = asRobot
      ? { host: url.host, ...robot.sign({ method: route.method, url, ...(payload && { body: payload }) }) }
      : { authorization: `Bearer ${token}`, 'idempotency-key': randomBytes(8).toString('hex') };
    const reply = await controlPlane.app.inject({
      method: route.method,
      url: url.pathname + url.search,
      headers: { ...headers, ...(payload && { 'content-type': 'application/json' }) },
      ...(payload && { payload }),
    });
    return reply.statusCode;
  };
  /** What makes a body go further than its door. */
  function own(route: Route): object {
    if (route.path === '/api/v1/robots/enrol') return { publicKey: robot.signer.publicKey };
    return route.path.endsWith('/check-in') ? { waitSec: 0 } : {};
  }
}

const ROUTES = V1.flatMap((api) => Object.entries(api)).map(([name, route]) => ({ name, route: route as Route }));
/** Those that only read come last too: what was written before must be readable. */
const IN_ORDER = [...ROUTES, ...ROUTES.filter(({ route }) => route.method === 'GET')];
const ROBOTS_ONLY = new Set<string>(['robot', 'waiting-robot', 'enrolling-robot']);

const TRIES = [...TEXTS.map((text) => [text, 'small'] as const), ['abc', 'large'] as const];

async function expectNoFailure(controlPlane: TestControlPlane): Promise<void> {
  const call = await world(controlPlane);
  const failed: string[] = [];
  const reached = new Set<string>();
  for (const [text, size] of TRIES) {
    for (const { name, route } of IN_ORDER) {
      if (name === 'logout') continue;
      const status = await call(route, text, size, ROBOTS_ONLY.has(route.access));
      if (status >= 500 && name !== 'ready')
        failed.push(`${name} with ${JSON.stringify(text)}, numbers ${size}: ${status}`);
      if (status < 300) reached.add(name);
    }
  }
  expect(failed).toEqual([]);
  // Else the texts would have stopped at the doors.
  expect(reached.size).toBeGreaterThan(ROUTES.length / 2);
}

test('attack 97: no text and no number in a request is answered with a 500, on SQLite', async () => {
  await expectNoFailure(await testControlPlane());
}, 120_000);

describe.skipIf(noPostgres)(`on PostgreSQL${noPostgres ? ` (${noPostgres})` : ''}`, () => {
  let postgres: TestPostgres;
  beforeAll(async () => {
    postgres = await startTestPostgres();
  });
  afterAll(() => postgres?.remove());

  test('attack 97: no text and no number in a request is answered with a 500, on PostgreSQL', async () => {
    await expectNoFailure(await onPostgres(postgres));
  }, 120_000);
});
