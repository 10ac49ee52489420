/** A release manager with all offline keys, a workshop of small real bundles, and an admin's login. */
import { readFile } from 'node:fs/promises';
import type { EnvironmentName, Sha256 } from '@fairlead/shared/ids';
import type { Manifest } from '@fairlead/shared/release/manifest';
import { manifestBytes } from '@fairlead/shared/release/parse-manifest';
import { sampleManifest } from '@fairlead/shared/release/testing/sample-manifest';
import { sha256Hex } from '@fairlead/shared/trust/digest';
import { generateKeyPair, type Signer, signerFromSeed } from '@fairlead/shared/trust/ed25519';
import { releaseEntry } from '@fairlead/shared/trust/release-entry';
import {
  type FirstRepository,
  makeFirstRepository,
  makeRoleUpdate,
  type RoleUpdate,
} from '@fairlead/shared/trust/repository';
import type { ReleaseCustom } from '@fairlead/shared/trust/targets';
import { pack } from '@fairlead/toolkit/bundle/testing/bundle-workshop';
import type { People, TestControlPlane } from './test-control-plane.ts';

export interface BuiltRelease {
  readonly manifest: Manifest;
  readonly text: string;
  readonly manifestSha256: Sha256;
  readonly bundle: Uint8Array;
  /** As published. */
  readonly releaseCounter?: number;
}
export interface Wish {
  readonly component?: string;
  readonly version: string;
  readonly environment?: EnvironmentName;
  /** Content of its one file; releases with the same content share a bundle. */
  readonly content?: string;
  readonly counter?: number;
  /** Replaces sections of the manifest. */
  readonly bend?: object;
}
export interface Entry {
  readonly name: string;
  readonly text: string;
  readonly custom: ReleaseCustom;
}

export interface TestPublisher {
  /** Logged in as an admin. */
  readonly api: People['publish'];
  readonly operator: People['operator'];
  readonly signers: Readonly<Record<'root' | 'targets' | EnvironmentName, readonly Signer[]>>;
  readonly first: FirstRepository;
  build(wish: Wish): Promise<BuiltRelease>;
  upload(release: BuiltRelease): Promise<void>;
  entry(release: BuiltRelease, wish: Wish): Entry;
  /** A role update on top of what is published now, signed and not yet handed in. */
  update(
    environment: EnvironmentName,
    change: Pick<Parameters<typeof makeRoleUpdate>[0], 'set' | 'remove'>,
  ): Promise<RoleUpdate>;
  handIn(update: RoleUpdate): ReturnType<People['publish']['publishRole']>;
  /** Builds, uploads, signs and publishes. */
  publish(wish: Wish): Promise<BuiltRelease>;
  revoke(wish: Wish): Promise<void>;
}

let counters = 0;
const key = () => signerFromSeed(generateKeyPair().seed);

/** Initialises the trust of a fresh control plane and publishes from then on. */
export async function testPublisher(controlPlane: TestControlPlane): Promise<TestPublisher> {
  const { publish: api, operator } = await controlPlane.as('admin');
  const { clock, store } = controlPlane;
  const signers = { root: [key()], targets: [key()], development: [key()], staging: [key()], production: [key()] };
  const { onlineKeys } = await api.trustState();
  const first = makeFirstRepository({ now: clock.now(), signers, online: onlineKeys });
  await api.trustInit({ body: first });

  const build: TestPublisher['build'] = async ({
    component = 'duck-policy',
    version,
    content = version,
    bend = {},
  }) => {
    const files = [{ path: 'policy.onnx', content }];
    const { bundle, manifest: packed } = await pack(files);
    const manifest = sampleManifest(files, { component, version, bundle: packed.bundle, ...bend });
    const bytes = manifestBytes(manifest);
    const text = Buffer.from(bytes).toString();
    return { manifest, text, manifestSha256: sha256Hex(bytes), bundle: await readFile(bundle) };
  };
  const upload: TestPublisher['upload'] = async ({ manifest, bundle }) => {
    const { sha256, size } = manifest.bundle;
    await api.uploadPart({ params: { sha256 }, query: { offset: 0, size }, body: bundle });
  };
  const entry: TestPublisher['entry'] = ({ manifest, text }, { environment = 'development', counter }) => ({
    text,
    ...releaseEntry({ manifest, environment, releaseCounter: counter ?? (counters += 1) }),
  });
  const update: TestPublisher['update'] = async (role, change) => {
    const newest = await store.metadata.newest(role);
    if (!newest) throw new Error(`there is no ${role} metadata`);
    return makeRoleUpdate({ role, current: newest.text, ...change, signers: signers[role], now: clock.now() });
  };
  const handIn: TestPublisher['handIn'] = ({ role, base, metadata, texts, removes }) =>
    api.publishRole({ params: { role }, body: { base, metadata, texts, removes: [...removes] } });
  return {
    api,
    operator,
    signers,
    first,
    build,
    upload,
    entry,
    update,
    handIn,
    publish: async (wish) => {
      const release = await build(wish);
      await upload(release);
      const published = entry(release, wish);
      await handIn(await update(wish.environment ?? 'development', { set: [published] }));
      return { ...release, releaseCounter: published.custom.releaseCounter };
    },
    revoke: async ({ component = 'duck-policy', version, environment = 'development' }) => {
      const remove = [`releases/${environment}/${component}-${version}.json`];
      await handIn(await update(environment, { remove }));
    },
  };
}
