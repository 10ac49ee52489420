import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { openTufTrustStore } from '@fairlead/toolkit/trust/tuf-trust-store';
import { expect, onTestFinished, test } from 'vitest';
import {
  type FleetRepository,
  makeFleetRepository,
  publishOnline,
  replaceRole,
  resign,
} from './support/fleet-repository.ts';
import { serve } from './support/hostile-server.ts';

const CLIENT = fileURLToPath(new URL('../conformance/client.ts', import.meta.url));
const KILLS = 10;

const FAR = '2100-01-01T00:00:00Z';

/** A next root, snapshot and timestamp, good for the machine's own clock, which the killed process goes by. */
function advance(repository: FleetRepository, version: number): void {
  const { head, signers } = repository;
  replaceRole(
    repository,
    'root',
    resign('root', head.root, signers.root, (signed) => ({ ...signed, version, expires: FAR })),
  );
  publishOnline(repository, Date.now());
}

test('attack 36: a robot whose power is cut during refreshes still starts, and remembers what it saw', async () => {
  const repository = makeFleetRepository();
  const { root, targets } = repository.head;
  const lasting = resign('targets', targets, repository.signers.targets, (signed) => ({
    ...signed,
    version: 2,
    expires: FAR,
  }));
  replaceRole(repository, 'targets', lasting);
  const server = await serve(repository.files);
  const folder = mkdtempSync(join(tmpdir(), 'fairlead-power-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const refreshOnce = () =>
    spawn(process.execPath, [CLIENT, '--metadata-dir', folder, '--metadata-url', server.url, 'refresh'], {
      stdio: 'ignore',
    });
  const open = () => openTufTrustStore({ file: join(folder, 'trust.db'), baseUrl: server.url, builtAt: 0 });
  const store = open();
  await store.pinRoot(Buffer.from(root));
  store.close();

  let seen = { root: 1, timestamp: 0, snapshot: 0 };
  for (let cut = 1; cut <= KILLS; cut += 1) {
    advance(repository, cut + 1);
    server.asked.length = 0;
    const process = refreshOnce();
    const ended = once(process, 'exit');
    // The power goes somewhere between the first request and the last write.
    while (server.asked.length <= cut % 5 && process.exitCode === null) await pause(1);
    await pause(cut % 4);
    process.kill('SIGKILL');
    await ended;
    const after = open();
    const { root: newRoot, timestamp, snapshot } = after.versions();
    after.close();
    expect(newRoot).toBeGreaterThanOrEqual(seen.root);
    expect(timestamp).toBeGreaterThanOrEqual(seen.timestamp);
    expect(snapshot).toBeGreaterThanOrEqual(seen.snapshot);
    seen = { root: newRoot, timestamp, snapshot };
  }
  const last = open();
  expect(await last.refresh(Date.now())).toMatchObject({ ok: true, value: { root: KILLS + 1 } });
  last.close();
});
