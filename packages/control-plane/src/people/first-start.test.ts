import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Failure } from '@fairlead/shared/failure';
import { expect, test } from 'vitest';
import { testControlPlane } from '../testing/test-control-plane.ts';
import { createFirstAdmin } from './first-admin.ts';
import { isPassword } from './password.ts';
import { openSessionSecret, sharedSessionSecret } from './session-secret.ts';

const newFolder = () => mkdtemp(join(tmpdir(), 'fairlead-first-'));

test('the admin of the first start has the password of the file, which only its owner reads', async () => {
  const { store, clock } = await testControlPlane();
  const file = await createFirstAdmin(store, clock, { dataFolder: await newFolder() });
  const password = (await readFile(file ?? '', 'utf8')).trim();
  expect((await stat(file ?? '')).mode & 0o777).toBe(0o600);
  const [admin] = await store.people.all();
  expect(admin).toMatchObject({ name: 'admin', role: 'admin' });
  expect(isPassword(password, admin?.passwordHash ?? '')).toBe(true);
});

test.for([['of its own'], ['that they share']])(
  'of replicas that start first at once, each with a folder %s, one tells the password, and it is right',
  async ([folders]) => {
    const { store, clock } = await testControlPlane();
    const shared = await newFolder();
    const starts = Array.from({ length: 3 }, async () => {
      const dataFolder = folders === 'of its own' ? await newFolder() : shared;
      return { dataFolder, told: await createFirstAdmin(store, clock, { dataFolder }) };
    });
    const ended = await Promise.all(starts);
    const told = ended.flatMap((one) => one.told ?? []);
    expect(told).toHaveLength(1);
    const [admin] = await store.people.all();
    expect(isPassword((await readFile(told[0] ?? '', 'utf8')).trim(), admin?.passwordHash ?? '')).toBe(true);
    // A password that opens nothing is left nowhere.
    for (const { dataFolder } of ended) {
      const kept = await readFile(join(dataFolder, 'initial-admin-password'), 'utf8').catch(() => undefined);
      if (kept !== undefined) expect(isPassword(kept.trim(), admin?.passwordHash ?? '')).toBe(true);
    }
  },
);

test('where there are users nothing is created', async () => {
  const { store, clock, as } = await testControlPlane();
  await as('viewer');
  expect(await createFirstAdmin(store, clock, { dataFolder: await newFolder() })).toBeUndefined();
  expect(await store.people.all()).toHaveLength(1);
});

test('a password of ones own is taken from its file, unless it is short', async () => {
  const { store, clock } = await testControlPlane();
  const dataFolder = await newFolder();
  const passwordFile = join(dataFolder, 'mine');
  await writeFile(passwordFile, 'short\n');
  await expect(createFirstAdmin(store, clock, { dataFolder, passwordFile })).rejects.toBeInstanceOf(Failure);
  await writeFile(passwordFile, 'long enough a password\n');
  await createFirstAdmin(store, clock, { dataFolder, passwordFile });
  const [admin] = await store.people.all();
  expect(isPassword('long enough a password', admin?.passwordHash ?? '')).toBe(true);
});

test('the session secret of replicas is one, whoever starts first', async () => {
  const { store } = await testControlPlane();
  const [a, b, c] = await Promise.all([1, 2, 3].map(() => sharedSessionSecret(store)));
  expect(a).toHaveLength(32);
  expect(Buffer.from(b ?? [])).toEqual(a);
  expect(Buffer.from(c ?? [])).toEqual(a);
});

test('the session secret survives a restart; without its file there is a new one', async () => {
  const folder = await newFolder();
  const secret = await openSessionSecret(folder);
  expect((await stat(join(folder, 'session-secret'))).mode & 0o777).toBe(0o600);
  expect(await openSessionSecret(folder)).toEqual(secret);
  await rm(join(folder, 'session-secret'));
  expect(await openSessionSecret(folder)).not.toEqual(secret);
});
