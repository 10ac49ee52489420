import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { expect } from 'vitest';
import { fairleadIn, succeed } from '../../scripts/local-fleet/fairlead.ts';
import { writeRelease } from '../../scripts/local-fleet/write-release.ts';
import { test } from './harness/fleet.ts';

test('a control plane killed in the middle of an upload goes on where the disk stands', async ({ fleet }) => {
  const ballast = randomBytes(12 * 1024 * 1024);
  const folder = await writeRelease(join(fleet.folder, 'releases'), { version: '1.0.0', policy: { seed: 1 }, ballast });
  const file = `${folder}.fairlead`;
  await succeed(fleet.fairlead, 'release', 'build', folder, '--output', file);

  // A publisher whose line to the control plane is the slow one; a token is only ever told to the server that gave it.
  const publisher = fairleadIn(join(fleet.folder, 'publisher'));
  await succeed(publisher, 'login', '--server', fleet.network.url, '--password-file', fleet.controlPlane.passwordFile);
  await succeed(publisher, 'trust', 'pin', '--root-sha256', fleet.rootSha256);
  const key = ['--key', join(fleet.home, 'keys', 'production.json'), '--passphrase-file', fleet.passphraseFile];
  const publish = ['release', 'publish', file, '--env', 'production', ...key, '--yes'];
  fleet.network.limit(4 * 1024 * 1024);
  const sent = () => fleet.network.exchanges.filter(({ method }) => method === 'PATCH').length;
  const first = publisher(...publish);
  await expect.poll(sent, { timeout: 30_000, interval: 5 }).toBeGreaterThan(0);
  await fleet.server.kill();
  const cut = await first;
  expect(cut.exitCode).not.toBe(0);
  expect(cut.stderr).not.toMatch(/\n\s+at /);

  fleet.server = await fleet.controlPlane.start();
  fleet.network.limit(undefined);
  expect(await publisher(...publish)).toMatchObject({ exitCode: 0 });
  expect((await fleet.fairlead('release', 'verify', file)).exitCode).toBe(0);
});
