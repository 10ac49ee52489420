import { manifestBytes } from '@fairlead/shared/release/parse-manifest';
import { sampleManifest } from '@fairlead/shared/release/testing/sample-manifest';
import { sha256Hex } from '@fairlead/shared/trust/digest';
import { generateKeyPair, signerFromSeed } from '@fairlead/shared/trust/ed25519';
import { SnapshotMetadata, TargetsMetadata } from '@fairlead/shared/trust/metadata';
import { parseOwn } from '@fairlead/shared/trust/parse-own';
import { makeRoleUpdate } from '@fairlead/shared/trust/repository';
import { checkBundle } from '@fairlead/toolkit/bundle/check-bundle';
import { describe, expect, test } from 'vitest';
import { testControlPlane } from '../testing/test-control-plane.ts';
import { testPublisher } from '../testing/test-publisher.ts';

async function open() {
  const controlPlane = await testControlPlane();
  const publisher = await testPublisher(controlPlane);
  const listed = async () => (await publisher.api.listReleases()).items.map(({ version }) => version);
  return { controlPlane, publisher, listed, ...publisher };
}
type World = Awaited<ReturnType<typeof open>>;
const refused = (category: string) => ({ problem: { code: 'refused', refusal: { category } } });

/** Nothing of a refused update may be visible anywhere. */
async function untouched({ controlPlane, listed }: World) {
  expect(await listed()).toEqual([]);
  expect((await controlPlane.store.metadata.newest('development'))?.version).toBe(1);
  expect((await controlPlane.store.metadata.newest('snapshot'))?.version).toBe(1);
}

describe('a published release', () => {
  test('becomes visible together with the signatures that vouch for it', async () => {
    const { controlPlane, build, upload, update, entry, handIn, publisher } = await open();
    const release = await build({ version: '1.0.0' });
    await upload(release);
    const signed = await update('development', { set: [entry(release, { version: '1.0.0' })] });
    expect(await handIn(signed)).toEqual({ version: 2, snapshot: 2, timestamp: 2 });

    const found = { environment: 'development', component: 'duck-policy', version: '1.0.0' };
    const { items } = await publisher.api.listReleases();
    expect(items).toMatchObject([{ ...found, manifestSha256: release.manifestSha256, publishedBy: 'the-admin' }]);
    const snapshot = parseOwn(SnapshotMetadata, (await controlPlane.app.inject('/tuf/2.snapshot.json')).body);
    expect(snapshot.signed.meta['development.json']?.version).toBe(2);
    const path = `/tuf/targets/releases/development/${release.manifestSha256}.duck-policy-1.0.0.json`;
    expect((await controlPlane.app.inject(path)).body).toBe(release.text);
  });

  test('is published once, also where the answer got lost and the publisher asks again', async () => {
    const { build, upload, update, entry, handIn, listed } = await open();
    const release = await build({ version: '1.0.0' });
    await upload(release);
    const signed = await update('development', { set: [entry(release, { version: '1.0.0' })] });
    const answer = await handIn(signed);
    expect(await handIn(signed)).toEqual(answer);
    expect(await listed()).toEqual(['1.0.0']);
  });

  test('never changes, and never comes back after it was revoked', async () => {
    const { publish, revoke, listed, publisher } = await open();
    await publish({ version: '1.0.0' });
    await expect(publish({ version: '1.0.0', content: 'other' })).rejects.toMatchObject(refused('immutable'));
    await revoke({ version: '1.0.0' });
    expect((await publisher.api.listReleases()).items).toMatchObject([{ revoked: { by: 'the-admin' } }]);
    await expect(publish({ version: '1.0.0' })).rejects.toMatchObject(refused('immutable'));
    expect(await listed()).toEqual(['1.0.0']);
  });

  test('has a counter above every earlier one, revoked ones included', async () => {
    const { publish, revoke } = await open();
    await publish({ version: '1.0.0', counter: 500 });
    await expect(publish({ version: '1.1.0', counter: 500 })).rejects.toMatchObject(refused('counter'));
    await revoke({ version: '1.0.0' });
    await expect(publish({ version: '1.1.0', counter: 499 })).rejects.toMatchObject(refused('counter'));
    await publish({ version: '1.1.0', counter: 501 });
  });
});

describe('nothing becomes visible where', () => {
  test('the bundle is not here', async () => {
    const world = await open();
    const release = await world.build({ version: '1.0.0' });
    const update = await world.update('development', { set: [world.entry(release, { version: '1.0.0' })] });
    await expect(world.handIn(update)).rejects.toMatchObject(refused('missing_blob'));
    await untouched(world);
  });

  test('the bundle holds other bytes than the manifest says', async () => {
    const world = await open();
    const honest = await world.build({ version: '1.0.0', content: 'honest' });
    await world.upload(honest);
    const lying = sampleManifest([{ path: 'policy.onnx', content: 'liars!' }], {
      version: '1.0.0',
      bundle: honest.manifest.bundle,
    });
    const bytes = manifestBytes(lying);
    const release = {
      ...honest,
      manifest: lying,
      text: Buffer.from(bytes).toString(),
      manifestSha256: sha256Hex(bytes),
    };
    const update = await world.update('development', { set: [world.entry(release, { version: '1.0.0' })] });
    await expect(world.handIn(update)).rejects.toMatchObject(refused('hash'));
    await untouched(world);
  });

  test('the manifest is not in canonical form', async () => {
    const world = await open();
    const release = await world.build({ version: '1.0.0' });
    await world.upload(release);
    const spaced = { ...release, text: `${release.text} ` };
    const update = await world.update('development', { set: [world.entry(spaced, { version: '1.0.0' })] });
    await expect(world.handIn(update)).rejects.toMatchObject(refused('not_canonical'));
    await untouched(world);
  });

  test('the role is signed by a key that its delegation does not name', async () => {
    const world = await open();
    const release = await world.build({ version: '1.0.0' });
    await world.upload(release);
    const update = makeRoleUpdate({
      role: 'development',
      current: world.first.roles.development,
      set: [world.entry(release, { version: '1.0.0' })],
      signers: [signerFromSeed(generateKeyPair().seed)],
      now: world.controlPlane.clock.now(),
    });
    await expect(world.handIn(update)).rejects.toMatchObject(refused('threshold'));
    await untouched(world);
  });

  test('the trust has not been initialised', async () => {
    const { publish } = await (await testControlPlane()).as('operator');
    const body = { base: 1, metadata: '{}', texts: {}, removes: [] };
    await expect(publish.publishRole({ params: { role: 'development' }, body })).rejects.toMatchObject({
      problem: { code: 'unavailable' },
    });
  });

  test('a viewer hands it in', async () => {
    const { controlPlane } = await open();
    const { publish } = await controlPlane.as('viewer');
    const body = { base: 1, metadata: '{}', texts: {}, removes: [] };
    await expect(publish.publishRole({ params: { role: 'development' }, body })).rejects.toMatchObject({
      problem: { code: 'forbidden' },
    });
  });
});

test('twenty publishers at once on one role lose nothing: who comes late reads again and signs again', async () => {
  const { controlPlane, build, upload, update, entry, handIn } = await open();
  let conflicts = 0;
  const publishUntilIn = async (version: string) => {
    const release = await build({ version, content: 'shared' });
    await upload(release);
    for (;;) {
      const taken = await controlPlane.store.releases.highestCounter('development', release.manifest.component);
      const signed = await update('development', { set: [entry(release, { version, counter: taken + 1 })] });
      try {
        return await handIn(signed);
      } catch (error) {
        // A publisher that read between two others also computes a counter that is taken by now.
        expect(error).toMatchObject({ problem: { code: expect.stringMatching(/^(version_conflict|refused)$/) } });
        conflicts += 1;
      }
    }
  };
  const versions = Array.from({ length: 20 }, (_, index) => `1.${index}.0`);
  await Promise.all(versions.map(publishUntilIn));
  expect(conflicts).toBeGreaterThan(0);
  const newest = await controlPlane.store.metadata.newest('development');
  const { signed } = parseOwn(TargetsMetadata, newest?.text ?? '');
  for (const version of versions)
    expect(signed.targets).toHaveProperty([`releases/development/duck-policy-${version}.json`]);
  expect(newest?.version).toBe(21);
});

describe('a bundle is unpacked only where', () => {
  /** Publishes with a signer; counts how often a bundle was unpacked. */
  async function counted() {
    let unpacked = 0;
    const controlPlane = await testControlPlane({
      checkBundle: async (order) => {
        unpacked += 1;
        return checkBundle(order);
      },
    });
    const publisher = await testPublisher(controlPlane);
    return { ...publisher, unpacked: () => unpacked };
  }

  test('attack 139: a key that the role trusts has signed it', async () => {
    const { first, build, upload, entry, handIn, unpacked } = await counted();
    const release = await build({ version: '1.0.0' });
    await upload(release);
    const set = [entry(release, { version: '1.0.0' })];
    const signers = [signerFromSeed(generateKeyPair().seed)];
    const now = Date.parse('2026-11-21T10:00:00Z');
    const forged = makeRoleUpdate({ role: 'development', current: first.roles.development, set, signers, now });
    await expect(handIn(forged)).rejects.toMatchObject({ problem: { code: 'refused' } });
    expect(unpacked()).toBe(0);
  });

  test('attack 139: the signed role names its manifest', async () => {
    const { build, upload, update, entry, handIn, unpacked } = await counted();
    const [signed, slipped] = [await build({ version: '1.0.0' }), await build({ version: '2.0.0' })];
    await upload(signed);
    await upload(slipped);
    const role = await update('development', { set: [entry(signed, { version: '1.0.0' })] });
    const texts = { ...role.texts, 'releases/development/duck-policy-2.0.0.json': slipped.text };
    await handIn({ ...role, texts });
    expect(unpacked()).toBe(1);
  });

  test('its manifest names no more bytes than a server should hash', async () => {
    const { build, upload, update, entry, handIn, unpacked } = await counted();
    const files = [{ path: 'policy.onnx', size: 2 ** 50, sha256: 'a'.repeat(64), mode: 0o644 }];
    const release = await build({ version: '1.0.0', bend: { files } });
    await upload(release);
    const role = await update('development', { set: [entry(release, { version: '1.0.0' })] });
    await expect(handIn(role)).rejects.toMatchObject(refused('too_big'));
    expect(unpacked()).toBe(0);
  });
});
