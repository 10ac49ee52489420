import { openTufTrustStore, type TufTrustStore } from '@fairlead/toolkit/trust/tuf-trust-store';
import { expect, onTestFinished, test } from 'vitest';
import {
  type FleetRepository,
  inDays,
  LATER,
  makeFleetRepository,
  NOW,
  publishOnline,
  replaceRole,
  resign,
} from './support/fleet-repository.ts';
import { serve } from './support/hostile-server.ts';
import { codeOf } from './support/robot.ts';

/** A publisher has no environment: it may sign for several. */
async function publisherOf(repository: FleetRepository): Promise<TufTrustStore> {
  const server = await serve(repository.files);
  const store = openTufTrustStore({ file: ':memory:', baseUrl: server.url, builtAt: 0 });
  onTestFinished(() => store.close());
  await store.pinRoot(Buffer.from(repository.head.root));
  return store;
}

test('a publisher reads the newest version of every role, to sign the next one', async () => {
  const repository = makeFleetRepository();
  const store = await publisherOf(repository);
  expect(codeOf(await store.role('production'))).toBe('unavailable');
  await store.refresh(NOW);
  for (const role of ['production', 'staging', 'development'] as const) {
    expect(await store.role(role)).toEqual({ ok: true, value: repository.head.roles[role] });
  }
  expect(await store.role('targets')).toEqual({ ok: true, value: repository.head.targets });
});

test('an expired environment can still be read, or nobody could renew it', async () => {
  const repository = makeFleetRepository();
  publishOnline(repository, inDays(61));
  const store = await publisherOf(repository);
  expect(codeOf(await store.refresh(inDays(61)))).toBe('accepted');
  expect(codeOf(await store.role('production'))).toBe('accepted');
});

test('a publisher never signs on top of a role that somebody else signed', async () => {
  const repository = makeFleetRepository();
  const evil = resign('targets', repository.head.roles.production, repository.signers.development, (signed) => ({
    ...signed,
    version: 2,
  }));
  replaceRole(repository, 'production', evil);
  const store = await publisherOf(repository);
  await store.refresh(LATER);
  expect(codeOf(await store.role('production'))).toBe('threshold');
});

test('a publisher never signs on top of a role that was exchanged on its way', async () => {
  const repository = makeFleetRepository();
  const store = await publisherOf(repository);
  await store.refresh(NOW);
  repository.files.set(
    '1.production.json',
    repository.head.roles.staging.padEnd(repository.head.roles.production.length),
  );
  expect(codeOf(await store.role('production'))).toBe('hash');
});
