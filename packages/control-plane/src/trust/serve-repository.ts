/** The TUF repository over HTTP: exactly the signed texts. Anybody may read them; they prove themselves. */
import type { filesApi } from '@fairlead/shared/api/files-api';
import { Sha256 } from '@fairlead/shared/ids';
import { parse } from '@fairlead/shared/parse';
import { asTargetName } from '@fairlead/shared/trust/names';
import type { BytesReply, Handlers } from '../http/handlers.ts';
import { problem } from '../http/problem.ts';
import { METADATA_ROLES, type MetadataSlice, type StoredMetadata } from '../store/metadata.ts';

const IMMUTABLE = 'public, max-age=31536000, immutable';

export function repositoryHandlers(metadata: MetadataSlice): Handlers<Pick<typeof filesApi, 'metadata' | 'target'>> {
  return {
    metadata: async ({ params }) => {
      const found = await findMetadata(metadata, params.file);
      if (!found) throw problem('not_found', `There is no ${params.file} in this repository.`);
      // Only the timestamp has one name for ever; a cache between us and a robot must not freeze it.
      return json(found.text, params.file === 'timestamp.json' ? 'no-store' : IMMUTABLE);
    },
    target: async ({ params }) => {
      const text = await findTarget(metadata, params['*']);
      if (text === undefined) throw problem('not_found', 'There is no such target in this repository.');
      return json(text, IMMUTABLE);
    },
  };
}

async function findMetadata(metadata: MetadataSlice, file: string): Promise<StoredMetadata | undefined> {
  if (file === 'timestamp.json') return metadata.newest('timestamp');
  const [, version, name] = /^([1-9][0-9]{0,9})\.([a-z]+)\.json$/.exec(file) ?? [];
  const role = METADATA_ROLES.find((known) => known === name);
  return role && role !== 'timestamp' ? metadata.find(role, Number(version)) : undefined;
}

/** `releases/production/SHA256.duck-policy-2.1.0.json` (TUF 6.2, consistent snapshots). */
async function findTarget(metadata: MetadataSlice, path: string): Promise<string | undefined> {
  const [, folder = '', digest, file = ''] = /^((?:[a-z]+\/)+)([0-9a-f]{64})\.([^/]+)$/.exec(path) ?? [];
  const sha256 = parse(Sha256, digest);
  const name = asTargetName(`${folder}${file}`);
  return sha256.ok && name !== undefined ? metadata.target(name, sha256.value) : undefined;
}

const json = (text: string, cacheControl: string): BytesReply => ({
  body: Buffer.from(text),
  contentType: 'application/json',
  headers: { 'cache-control': cacheControl },
});
