import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Refusal } from '@fairlead/shared/failure';
import type { Sha256 } from '@fairlead/shared/ids';
import { expect, onTestFinished, test } from 'vitest';
import { patientTrustStore } from './patient-trust-store.ts';
import type { TrustStore } from './trust-store.ts';
import { openTufTrustStore } from './tuf-trust-store.ts';

const DIGEST = 'a'.repeat(64) as Sha256;
const BUILT_AT = 1_000;

function robot() {
  const folder = mkdtempSync(join(tmpdir(), 'fairlead-trust-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const file = join(folder, 'trust', 'trust.db');
  const watch = { ms: 0 };
  const troubles: Refusal[] = [];
  let recoveries = 0;
  const open = (bend: (store: TrustStore) => TrustStore = (store) => store) => {
    const trust = patientTrustStore({
      open: () => bend(openTufTrustStore({ file, baseUrl: 'http://127.0.0.1:1/tuf', builtAt: BUILT_AT })),
      builtAt: BUILT_AT,
      elapsed: () => watch.ms,
      onChange: (trouble) => (trouble ? troubles.push(trouble) : (recoveries += 1)),
    });
    onTestFinished(() => trust.close());
    return trust;
  };
  return { folder, file, watch, troubles, open, recoveries: () => recoveries };
}

test('a robot whose trust can’t be opened at its start opens it as soon as the disk lets it, and forgets nothing', async () => {
  const { folder, troubles, watch, open, recoveries } = robot();
  // No folder, no database: as little as a full disk gives.
  const trust = open();
  expect(trust.versions().root).toBe(0);
  trust.rememberAssignment(7, DIGEST);
  trust.raiseTimeFloor(5_000);
  expect(await trust.refresh(0)).toMatchObject({ ok: false });
  expect(troubles).toMatchObject([{ category: 'io' }]);
  mkdirSync(join(folder, 'trust'));
  watch.ms = 5_000;
  expect(trust.versions().root).toBe(0);
  expect([trust.trouble(), troubles.length, recoveries()]).toEqual([undefined, 1, 1]);
  trust.close();
  const next = open();
  expect(next.lastAssignment()).toEqual({ seq: 7, sha256: DIGEST });
  expect(next.timeFloor()).toBe(5_000);
});

test('trust that breaks in the middle of the work is an alarm, once, and no exception', async () => {
  const { folder, troubles, open } = robot();
  mkdirSync(join(folder, 'trust'));
  let broken = false;
  const trust = open((store) => {
    const breaking = <T>(honest: () => T): T => {
      if (broken) throw Object.assign(new Error('database disk image is malformed'), { code: 'SQLITE_IOERR_READ' });
      return honest();
    };
    return {
      ...store,
      refresh: (now) => breaking(() => store.refresh(now)),
      versions: () => breaking(() => store.versions()),
      timeFloor: () => breaking(() => store.timeFloor()),
      lastAssignment: () => breaking(() => store.lastAssignment()),
      rememberAssignment: (seq, sha256) => breaking(() => store.rememberAssignment(seq, sha256)),
      raiseTimeFloor: (to) => breaking(() => store.raiseTimeFloor(to)),
      remembered: (name) => breaking(() => store.remembered(name)),
      close: () => store.close(),
    };
  });
  trust.rememberAssignment(3, DIGEST);
  broken = true;
  trust.rememberAssignment(4, DIGEST);
  expect(trust.lastAssignment()).toEqual({ seq: 4, sha256: DIGEST });
  expect([trust.versions().root, trust.timeFloor(), trust.remembered('trust/director.json' as never)]).toEqual([
    0,
    BUILT_AT,
    undefined,
  ]);
  expect(await trust.refresh(0)).toMatchObject({ ok: false });
  expect(troubles).toMatchObject([{ category: 'io' }]);
});

test('a damaged file is never written over: what it remembers against replay is a person’s to give up', () => {
  const { folder, file, troubles, watch, open } = robot();
  mkdirSync(join(folder, 'trust'));
  writeFileSync(file, 'rot');
  const trust = open();
  for (const ms of [0, 5_000, 10_000]) {
    watch.ms = ms;
    expect(trust.lastAssignment()).toBeUndefined();
  }
  expect(troubles).toMatchObject([{ category: 'store_damaged' }]);
  rmSync(file);
  watch.ms = 20_000;
  trust.versions();
  expect(trust.trouble()).toBeUndefined();
});
