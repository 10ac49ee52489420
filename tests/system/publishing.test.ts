import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createClient } from '@fairlead/shared/api/client';
import { filesApi } from '@fairlead/shared/api/files-api';
import type { EnvironmentName } from '@fairlead/shared/ids';
import { parse } from '@fairlead/shared/parse';
import { undiciTransport } from '@fairlead/toolkit/http/undici-transport';
import { Type } from 'typebox';
import { expect } from 'vitest';
import { fairleadIn, succeed } from '../../scripts/local-fleet/fairlead.ts';
import { type TestFleet, test } from './harness/fleet.ts';

/** A release without models: what is tested here is who may say what. */
async function build(fleet: TestFleet, version: string, content = version): Promise<string> {
  const folder = join(fleet.folder, 'authors', `${version}-${content}`);
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'release.yaml'), `component: note\nversion: ${version}\n`);
  await writeFile(join(folder, 'note.txt'), content);
  await succeed(fleet.fairlead, 'release', 'build', folder, '--output', `${folder}.fairlead`);
  return `${folder}.fairlead`;
}
const sign = (fleet: TestFleet, ...args: readonly string[]) =>
  fleet.fairlead('release', ...args, '--passphrase-file', fleet.passphraseFile, '--yes', '--json');
const publish = (fleet: TestFleet, file: string, environment: EnvironmentName = 'development') =>
  sign(fleet, 'publish', file, '--env', environment);

const Listed = Type.Object({
  items: Type.Array(
    Type.Object({
      version: Type.String(),
      environment: Type.String(),
      releaseCounter: Type.Integer(),
      manifestSha256: Type.String(),
      revoked: Type.Optional(Type.Unknown()),
    }),
  ),
});
async function listed(fleet: TestFleet, environment: EnvironmentName) {
  const reply = parse(Listed, await succeed(fleet.fairlead, 'release', 'list', '--env', environment));
  return reply.ok ? reply.value.items : [];
}
/** The signed role as anybody reads it. */
async function roleVersion(fleet: TestFleet): Promise<number> {
  const files = createClient(filesApi, { baseUrl: fleet.controlPlane.url, transport: undiciTransport({}) });
  for (let version = 1; ; version++) {
    const next = files.metadata({ params: { file: `${version + 1}.development.json` } });
    if (
      !(await next.then(
        () => true,
        () => false,
      ))
    )
      return version;
  }
}

test('publishers who sign at the same moment lose nothing', async ({ fleet }) => {
  const files = await Promise.all(['0.1.0', '0.2.0', '0.3.0'].map((version) => build(fleet, version)));
  const before = await roleVersion(fleet);
  const done = await Promise.all(files.map((file) => publish(fleet, file)));
  expect(done.map(({ exitCode, stderr }) => ({ exitCode, stderr }))).toEqual(
    files.map(() => ({ exitCode: 0, stderr: '' })),
  );
  const items = await listed(fleet, 'development');
  expect(items.map(({ version }) => version).toSorted()).toEqual(['0.1.0', '0.2.0', '0.3.0']);
  expect(new Set(items.map(({ releaseCounter }) => releaseCounter)).size).toBe(3);
  expect(await roleVersion(fleet)).toBe(before + 3);
});

test('the same release twice is one, another one under its version is refused', async ({ fleet }) => {
  const before = await roleVersion(fleet);
  const again = await publish(fleet, await build(fleet, '0.1.0'));
  expect({ ...again, stdout: JSON.parse(again.stdout) }).toMatchObject({
    exitCode: 0,
    stdout: { alreadyPublished: true },
  });
  const other = await publish(fleet, await build(fleet, '0.1.0', 'changed'));
  expect(other).toMatchObject({ exitCode: 3, stderr: expect.stringContaining('A published version never changes.') });
  expect(await roleVersion(fleet)).toBe(before);
});

test('promotion signs the very same bytes into the next environment, never back', async ({ fleet }) => {
  const promoted = await sign(fleet, 'promote', 'note@0.2.0', '--from', 'development', '--to', 'production');
  expect(promoted).toMatchObject({ exitCode: 0 });
  const [inProduction] = await listed(fleet, 'production');
  const inDevelopment = (await listed(fleet, 'development')).find(({ version }) => version === '0.2.0');
  expect(inProduction?.manifestSha256).toBe(inDevelopment?.manifestSha256);
  expect(await sign(fleet, 'promote', 'note@0.2.0', '--from', 'production', '--to', 'staging')).toMatchObject({
    exitCode: 2,
  });
  expect(await sign(fleet, 'promote', 'note@9.9.9', '--from', 'development', '--to', 'staging')).toMatchObject({
    exitCode: 3,
  });
});

test('a revoked release is gone for good, and the others stay', async ({ fleet }) => {
  const revoked = await sign(fleet, 'revoke', 'note@0.3.0', '--env', 'development', '--reason', 'it limps');
  expect(revoked).toMatchObject({ exitCode: 0 });
  const items = await listed(fleet, 'development');
  expect(items.filter(({ revoked }) => revoked !== undefined).map(({ version }) => version)).toEqual(['0.3.0']);
  const back = await publish(fleet, await build(fleet, '0.3.0'));
  expect(back).toMatchObject({ exitCode: 3, stderr: expect.stringContaining('it limps') });
  expect(await sign(fleet, 'revoke', 'note@0.3.0', '--env', 'development', '--reason', 'again')).toMatchObject({
    exitCode: 3,
  });
  // Its counter stays used up: the next release is above it.
  expect(JSON.parse((await publish(fleet, await build(fleet, '0.4.0'))).stdout)).toMatchObject({ releaseCounter: 4 });
});

test('a wrong passphrase, an open key file or no yes signs nothing', async ({ fleet }) => {
  const before = await roleVersion(fleet);
  const file = await build(fleet, '0.5.0');
  const wrong = join(fleet.folder, 'wrong');
  await writeFile(wrong, 'not the passphrase\n', { mode: 0o600 });
  const publishing = ['release', 'publish', file, '--env', 'development'];
  expect(await fleet.fairlead(...publishing, '--yes', '--passphrase-file', wrong)).toMatchObject({ exitCode: 3 });
  expect(await fleet.fairlead(...publishing, '--passphrase-file', fleet.passphraseFile)).toMatchObject({ exitCode: 2 });
  await chmod(wrong, 0o644);
  expect(await fleet.fairlead(...publishing, '--yes', '--passphrase-file', wrong)).toMatchObject({
    exitCode: 3,
    stderr: expect.stringContaining('chmod 600'),
  });
  expect(await roleVersion(fleet)).toBe(before);
});

test('another publisher believes only the root whose digest was told', async ({ fleet }) => {
  const second = fairleadIn(join(fleet.folder, 'second'));
  await succeed(
    second,
    'login',
    '--server',
    fleet.controlPlane.url,
    '--password-file',
    fleet.controlPlane.passwordFile,
  );
  expect(await second('trust', 'show')).toMatchObject({ exitCode: 3, stderr: expect.stringContaining('trust pin') });
  expect(await second('trust', 'pin', '--root-sha256', '0'.repeat(64))).toMatchObject({ exitCode: 3 });
  await succeed(second, 'trust', 'pin', '--root-sha256', fleet.rootSha256);

  const key = join(fleet.home, 'keys', 'development.json');
  const file = await build(fleet, '0.6.0');
  const passphrase = ['--passphrase-file', fleet.passphraseFile, '--yes'];
  await succeed(second, 'release', 'publish', file, '--env', 'development', '--key', key, ...passphrase);
  expect((await listed(fleet, 'development')).map(({ version }) => version)).toContain('0.6.0');
  // A key of one environment signs no other.
  const production = await second('release', 'publish', file, '--env', 'production', '--key', key, ...passphrase);
  expect(production).toMatchObject({ exitCode: 3, stderr: expect.stringContaining('This key signs development') });
});

test('nobody signs on top of metadata that somebody changed on the way', async ({ fleet }) => {
  const third = fairleadIn(join(fleet.folder, 'third'));
  await succeed(third, 'login', '--server', fleet.network.url, '--password-file', fleet.controlPlane.passwordFile);
  await succeed(third, 'trust', 'pin', '--root-sha256', fleet.rootSha256);
  const before = await roleVersion(fleet);
  fleet.network.lie(({ path }, answer) =>
    /\/[0-9]+\.development\.json$/.test(path) ? Buffer.from(answer.toString().replace('note', 'nota')) : undefined,
  );
  const key = [
    '--key',
    join(fleet.home, 'keys', 'development.json'),
    '--passphrase-file',
    fleet.passphraseFile,
    '--yes',
  ];
  const lied = await third('release', 'publish', await build(fleet, '0.7.0'), '--env', 'development', ...key);
  fleet.network.lie(undefined);
  expect(lied).toMatchObject({ exitCode: 3, stderr: expect.stringContaining('is not accepted') });
  expect(await roleVersion(fleet)).toBe(before);
});

test('trust is set up once; the keys are encrypted and for their owner only', async ({ fleet }) => {
  const again = await fleet.fairlead('trust', 'init', '--passphrase-file', fleet.passphraseFile, '--json');
  expect(JSON.parse(again.stdout)).toMatchObject({ rootSha256: fleet.rootSha256, keys: [] });
  const other = fairleadIn(join(fleet.folder, 'other'));
  await succeed(other, 'login', '--server', fleet.controlPlane.url, '--password-file', fleet.controlPlane.passwordFile);
  expect(await other('trust', 'init', '--passphrase-file', fleet.passphraseFile)).toMatchObject({ exitCode: 3 });
  const key = await readFile(join(fleet.home, 'keys', 'production.json'), 'utf8');
  expect(key).not.toContain((await readFile(fleet.passphraseFile, 'utf8')).trim());
});
