/**
 * A real agent process on a real disk, for tests that kill it: the real updater, journal, spool and bundles.
 * Services and health are files and arguments; sleeping takes no time. Arguments: one JSON `Life`.
 */
import { appendFileSync, createReadStream, existsSync } from 'node:fs';
import { readFile, realpath, rm, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { openFileAlarmRegister } from '@fairlead/agent/alarms/file-alarm-register';
import { fileJournalStore } from '@fairlead/agent/journal/file-journal-store';
import type { JournalStore } from '@fairlead/agent/journal/journal-store';
import { openSqliteSpool } from '@fairlead/agent/outbox/sqlite-spool';
import { notLaunched } from '@fairlead/agent/own-release/not-launched';
import type { VerifiedOrder } from '@fairlead/agent/poll/verified-order';
import { layoutOf } from '@fairlead/agent/releases/layout';
import type { ServiceManager } from '@fairlead/agent/services/service-manager';
import { createUpdater } from '@fairlead/agent/update/updater';
import { accept } from '@fairlead/shared/failure';
import { ComponentName } from '@fairlead/shared/ids';
import { unevenClock } from '@fairlead/shared/testing/test-clock';
import { extractBundle } from '@fairlead/toolkit/bundle/extract-bundle';
import { measureTree } from '@fairlead/toolkit/bundle/measure-tree';
import { Parse } from 'typebox/value';

export interface Life {
  readonly root: string;
  /** Folder of the world outside the agent: blobs, running services, counters. It does not die with the agent. */
  readonly world: string;
  /** The order, as JSON; its manifest bytes in base64. */
  readonly order?: Omit<VerifiedOrder, 'manifestBytes'> & { readonly manifestBytes: string };
  /** Versions that are not healthy. */
  readonly sick: readonly string[];
  /** Kill the process at its n-th journal write, right before or right after it. */
  readonly killAt?: { readonly write: number; readonly when: 'before' | 'after' };
  /** A person asks for a roll-back by hand instead of an order. */
  readonly rollBack?: boolean;
}

const life: Life = JSON.parse(process.argv[2] ?? '{}');
const { root, world } = life;
const layout = layoutOf(root);
const clock = Object.assign(unevenClock(Date.now), { trust: () => 'system' as const });
const die = (): never => {
  process.kill(process.pid, 'SIGKILL');
  for (;;);
};

let writes = 0;
const dying = (store: JournalStore): JournalStore => ({
  ...store,
  write: async (journal) => {
    writes += 1;
    const now = writes === life.killAt?.write;
    if (now && life.killAt?.when === 'before') die();
    await store.write(journal);
    if (now) die();
  },
});

/** A running service is a file that says which release it was started from, as a process would know. */
const fileOf = (service: string): string => join(world, `${service}.running`);
const services: ServiceManager = {
  check: async () => accept(undefined),
  start: async (service) => {
    if (!existsSync(fileOf(service))) {
      const release = basename(await realpath(layout.component(duck).slot('active')));
      await writeFile(fileOf(service), release);
      if (release.startsWith('2.0.0')) await writeFile(join(world, 'state/calibration'), 'spoilt by 2.0.0');
    }
    return accept(undefined);
  },
  stop: async (service) => {
    await rm(fileOf(service), { force: true });
    return accept(undefined);
  },
  state: async (service) => ({ state: existsSync(fileOf(service)) ? 'running' : 'stopped', restarts: 0, detail: '' }),
};

const duck = Parse(ComponentName, 'duck-policy');
const spool = openSqliteSpool({ file: join(root, 'spool.db'), bootId: 'boot', clock, onTrouble: console.error });
let elapsed = 0;
const updater = createUpdater({
  root,
  clock,
  elapsed: () => elapsed,
  sleep: async (ms) => {
    elapsed += ms;
  },
  random: () => 0.5,
  journal: dying(fileJournalStore(layout.journal, clock)),
  services,
  outbox: spool,
  alarms: await openFileAlarmRegister({ file: join(root, 'alarms.json'), outbox: spool, clock }),
  own: notLaunched,
  pulse: { promise: () => {}, rest: () => {} },
  forbids: () => undefined,
  permission: { ask: async () => ({ granted: true }) },
  confirmation: { ask: async () => ({ ok: true, value: undefined, heard: true }) },
  prober: {
    probe: async (_check, { folder }) => ({
      verdict: life.sick.some((version) => basename(folder).startsWith(version)) ? 'unhealthy' : 'healthy',
      detail: 'as the test says',
    }),
  },
  blobs: {
    get: async ({ sha256, from }) => {
      const file = join(world, sha256);
      const size = (await readFile(file)).length;
      const range = { 'content-range': `bytes ${from}-${size - 1}/${size}` };
      const headers = { etag: `"${sha256}"`, 'content-length': String(size - from), ...(from > 0 && range) };
      return { status: from > 0 ? 206 : 200, headers, body: createReadStream(file, { start: from }) };
    },
  },
  extractBundle,
  measureTree,
  runSmokeTests: async ({ manifest }) => {
    appendFileSync(join(world, 'smoke-tests.log'), `${manifest.version}\n`);
    return accept({ models: [], commands: [] });
  },
});

await updater.recover();
if (life.order) {
  const manifestBytes = Buffer.from(life.order.manifestBytes, 'base64');
  await updater.offer({ ...life.order, manifestBytes });
}
if (life.rollBack) await updater.rollBackLocally(duck, 'ann');
spool.close();
