import type { MaintenanceWindow } from '@fairlead/shared/fleet/maintenance-window';
import type { RobotId } from '@fairlead/shared/ids';
import { sha256Hex } from '@fairlead/shared/trust/digest';
import { expect, onTestFinished, test, vi } from 'vitest';
import type { PresenceRegistry } from '../fleet/presence-registry.ts';
import { inProcessSignals } from '../signals/signals.ts';
import { kyselyStore } from '../store/kysely-store.ts';
import { migrate } from '../store/migrate.ts';
import type { RobotRecord } from '../store/robots.ts';
import { openSqlite } from '../store/sqlite-database.ts';
import { openRules } from './open-rules.ts';

const NOON = Date.parse('2026-11-21T12:00:00Z');
const night: MaintenanceWindow = { name: 'night', scope: { fleet: true }, from: '02:00', to: '04:00', zone: 'UTC' };
const robot = (name: string, labels: Record<string, string> = {}): RobotRecord => ({
  robot: name as RobotId,
  lifecycle: 'accepted',
  environment: 'production',
  labels,
  keyid: sha256Hex(name),
  enrolledAt: NOON,
});

/** Two replicas on one database and one line of signals. */
async function twoReplicas(robots: readonly RobotRecord[] = []) {
  const database = openSqlite(':memory:');
  await migrate(database);
  const store = kyselyStore(database);
  for (const each of robots) await store.robots.save(each);
  const signals = inProcessSignals();
  const over = new AbortController();
  const nobodyHeard = { of: () => undefined } as Pick<PresenceRegistry, 'of'> as PresenceRegistry;
  const looking = {
    until: over.signal,
    onFailure: (cause: unknown) => {
      throw cause;
    },
  };
  const open = () => openRules({ store, presence: nobodyHeard, signals, looking });
  const replicas = [await open(), await open()] as const;
  onTestFinished(async () => {
    over.abort();
    for (const each of replicas) each.stop();
    await store.close();
  });
  return { store, here: replicas[0], there: replicas[1] };
}

test('a window that was just made holds here at once, and on the other replica when its signal comes', async () => {
  const { store, here, there } = await twoReplicas();
  const duck = robot('duck-1');
  expect(here.now().windowOf(duck, NOON).open).toBe(true);
  await store.rules.save('window', 'night', night);
  await here.reload();
  expect(here.now().windowOf(duck, NOON).open).toBe(false);
  await vi.waitFor(() => expect(there.now().windowOf(duck, NOON).open).toBe(false));
});

test('a budget given as a share is of the accepted robots that there are', async () => {
  const ducks = Array.from({ length: 20 }, (_, n) => robot(`duck-${n}`, { site: 'munich' }));
  const gone = Array.from({ length: 20 }, (_, n) => ({
    ...robot(`old-${n}`, { site: 'munich' }),
    lifecycle: 'decommissioned' as const,
  }));
  const { store, here } = await twoReplicas([...ducks, ...gone]);
  await store.rules.save('budget', 'site', { label: 'site', maxUnavailable: '10%' });
  await here.reload();
  const { picked, refused } = here.now().pick(ducks, []);
  expect(picked).toEqual(['duck-0', 'duck-1']);
  expect(refused.get('duck-2' as RobotId)?.detail).toBe('site=munich has 2 of 2 robots (10%) in update.');
});
