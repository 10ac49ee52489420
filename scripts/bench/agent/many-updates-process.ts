/**
 * One robot's updater, in a process of its own, over and over: real journal, spool, bundles, release folders and
 * process services; told what to download, and that everything is healthy. Prints its memory as JSON lines.
 * Arguments: folder with `NAME.fairlead`-like bundles and manifests (many-updates.ts), number of updates, step of printing.
 */
import { createReadStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { openFileAlarmRegister } from '@fairlead/agent/alarms/file-alarm-register';
import { fileJournalStore } from '@fairlead/agent/journal/file-journal-store';
import { openSqliteSpool } from '@fairlead/agent/outbox/sqlite-spool';
import { notLaunched } from '@fairlead/agent/own-release/not-launched';
import { layoutOf } from '@fairlead/agent/releases/layout';
import { createUpdater } from '@fairlead/agent/update/updater';
import { accept } from '@fairlead/shared/failure';
import { DeploymentId } from '@fairlead/shared/ids';
import { parse } from '@fairlead/shared/parse';
import { identify, parseManifest } from '@fairlead/shared/release/parse-manifest';
import { Clock } from '@fairlead/shared/time';
import { extractBundle } from '@fairlead/toolkit/bundle/extract-bundle';
import { measureTree } from '@fairlead/toolkit/bundle/measure-tree';
import { memoryOf } from './process-cost.ts';

const [world = '', updates = '2000', step = '500'] = process.argv.slice(2);
const root = join(world, 'agent');
const clock = Object.assign(new Clock(Date.now), { trust: () => 'system' as const });
const spool = openSqliteSpool({ file: join(root, 'spool.db'), bootId: 'boot', clock, onTrouble: console.error });
let elapsed = 0;
const updater = createUpdater({
  root,
  clock,
  elapsed: () => elapsed,
  // Probation passes at once.
  sleep: async (ms) => {
    elapsed += ms;
  },
  random: Math.random,
  journal: fileJournalStore(layoutOf(root).journal, clock),
  services: {
    start: async () => accept(undefined),
    stop: async () => accept(undefined),
    check: async () => accept(undefined),
    state: async () => ({ state: 'running', restarts: 0, detail: '' }),
  },
  outbox: spool,
  alarms: await openFileAlarmRegister({ file: join(root, 'alarms.json'), outbox: spool, clock }),
  own: notLaunched,
  pulse: { promise: () => {}, rest: () => {} },
  forbids: () => undefined,
  permission: { ask: async () => ({ granted: true }) },
  confirmation: { ask: async () => ({ ok: true, value: undefined, heard: true }) },
  prober: { probe: async () => ({ verdict: 'healthy', detail: 'as the bench says' }) },
  blobs: {
    get: async ({ sha256 }) => {
      const file = join(world, sha256);
      const headers = { etag: `"${sha256}"`, 'content-length': String((await readFile(file)).length) };
      return { status: 200, headers, body: createReadStream(file) };
    },
  },
  extractBundle,
  measureTree,
  runSmokeTests: async () => accept({ models: [], commands: [] }),
});

/** Two releases, in turn: each update is a real one. */
const manifests = await Promise.all(['1.0.0', '2.0.0'].map((version) => readFile(join(world, `${version}.json`))));
const tell = async (done: number): Promise<void> => console.log(JSON.stringify({ done, ...(await memoryOf('self')) }));

await tell(0);
for (let done = 1; done <= Number(updates); done += 1) {
  const bytes = manifests[done % 2] ?? Buffer.alloc(0);
  const manifest = parseManifest(bytes);
  const deployment = parse(DeploymentId, `dep_${String(done).padStart(10, '0')}`);
  if (!manifest.ok || !deployment.ok) throw new Error('The bench wrote a manifest that is none.');
  await updater.offer({
    deployment: deployment.value,
    component: manifest.value.component,
    candidate: { ...identify(manifest.value, bytes), releaseCounter: done },
    manifest: manifest.value,
    manifestBytes: bytes,
  });
  // As the control plane acknowledges: what was told is let go of.
  const reports = spool.oldest(50);
  if (!reports.some(({ body }) => body.event === 'update-ended' && body.outcome === 'succeeded')) {
    throw new Error(`Update ${done} did not succeed: ${JSON.stringify(reports.map(({ body }) => body))}`);
  }
  spool.remove(reports.map(({ key }) => key));
  if (done % Number(step) === 0) await tell(done);
}
spool.close();
