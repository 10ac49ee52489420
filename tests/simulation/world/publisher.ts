/** The release manager of the simulated fleet: real keys, real bundles, the real publishing API. */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Client, createClient, type Transport } from '@fairlead/shared/api/client';
import { publishApi } from '@fairlead/shared/api/publish-api';
import type { ComponentName, EnvironmentName } from '@fairlead/shared/ids';
import { manifestBytes } from '@fairlead/shared/release/parse-manifest';
import { sampleManifest } from '@fairlead/shared/release/testing/sample-manifest';
import { sha256Hex } from '@fairlead/shared/trust/digest';
import { type Signer, signerFromSeed } from '@fairlead/shared/trust/ed25519';
import { releaseEntry } from '@fairlead/shared/trust/release-entry';
import { makeFirstRepository, makeRoleUpdate } from '@fairlead/shared/trust/repository';
import { packBundle } from '@fairlead/toolkit/bundle/pack-bundle';
import type { Agenda } from './agenda.ts';
import type { Chance } from './chance.ts';
import { untilAnswered } from './retry.ts';
import { SERVER_URL } from './server.ts';
import type { Release, Temper } from './world.ts';

export const COMPONENT = 'duck-policy' as ComponentName;

export interface Publisher {
  /** `bend` replaces sections of the manifest. */
  publish(version: string, temper: Temper, bend?: object): Promise<Release>;
  /** The director's public key, which the offline role has signed. */
  readonly director: string;
}

/** Initialises the trust of a fresh control plane; `environment` is the only one in which it publishes. */
export async function openPublisher(order: {
  readonly folder: string;
  readonly agenda: Agenda;
  readonly chance: Chance;
  readonly transport: Transport;
  readonly token: string;
  readonly environment: EnvironmentName;
}): Promise<Publisher> {
  const { folder, agenda, chance, transport, token, environment } = order;
  const api: Client<typeof publishApi> = createClient(publishApi, {
    baseUrl: SERVER_URL,
    transport,
    authorise: () => ({ authorization: `Bearer ${token}` }),
  });
  const key = (): readonly Signer[] => [signerFromSeed(chance.bytes(32))];
  const signers = { root: key(), targets: key(), development: key(), staging: key(), production: key() };
  const { onlineKeys } = await api.trustState();
  const first = makeFirstRepository({ now: agenda.now(), signers, online: onlineKeys });
  await api.trustInit({ body: first });
  let current = first.roles[environment];
  let counter = 0;

  return {
    director: onlineKeys.director,
    async publish(version, temper, bend = {}) {
      const files = [{ path: 'policy.onnx', content: version }];
      const work = join(folder, `release-${version}`);
      await agenda.during(mkdir(work, { recursive: true }));
      await agenda.during(writeFile(join(work, 'policy.onnx'), version));
      const { files: listed } = sampleManifest(files);
      const to = join(folder, `${version}.tar.zst`);
      const packed = await agenda.during(packBundle({ folder: work, files: listed, to }));
      const bundle = { format: 'tar+zstd', size: packed.size, sha256: packed.sha256 };
      const manifest = sampleManifest(files, { component: COMPONENT, version, bundle, ...bend });
      const bytes = manifestBytes(manifest);
      const body = await agenda.during(readFile(packed.file));
      // The server may die in the middle of it: both requests may be repeated.
      await untilAnswered(order, async () => {
        const { complete } = await api.uploadState({ params: { sha256: packed.sha256 } });
        if (complete) return;
        const query = { offset: 0, size: packed.size };
        await api.uploadPart({ params: { sha256: packed.sha256 }, query, body });
      });
      counter += 1;
      const text = Buffer.from(bytes).toString();
      const entry = { text, ...releaseEntry({ manifest, environment, releaseCounter: counter }) };
      const update = makeRoleUpdate({
        role: environment,
        current,
        set: [entry],
        signers: signers[environment],
        now: agenda.now(),
      });
      const { role, base, metadata, texts, removes } = update;
      await untilAnswered(order, () =>
        api.publishRole({ params: { role }, body: { base, metadata, texts, removes: [...removes] } }),
      );
      current = metadata;
      return {
        version: manifest.version,
        manifestSha256: sha256Hex(bytes),
        releaseCounter: counter,
        manifest,
        manifestBytes: bytes,
        temper,
      };
    },
  };
}
