/**
 * Where trust begins: a root the integrator brought, as a file or by its digest. With a digest the bytes may come
 * from anywhere, also from the server; without either, nothing is ever trusted on first use (TRUST 4.11).
 */
import { readFile } from 'node:fs/promises';
import { type Client, ProblemError } from '@fairlead/shared/api/client';
import type { filesApi } from '@fairlead/shared/api/files-api';
import { accept, type Refusal, type Result, refuse } from '@fairlead/shared/failure';
import type { Sha256 } from '@fairlead/shared/ids';
import { sha256Hex } from '@fairlead/shared/trust/digest';
import { LIMITS } from '@fairlead/shared/trust/limits';
import type { TrustStore } from '@fairlead/toolkit/trust/trust-store';
import type { AgentYaml } from '../config.ts';

export interface PinDeps {
  readonly trust: Pick<TrustStore, 'pinRoot' | 'versions'>;
  readonly files: Pick<Client<typeof filesApi>, 'metadata'>;
  readonly pin: AgentYaml['trust'];
}

/** Does nothing where a root is pinned already. Rejects with `Unreachable` where the server is needed and down. */
export async function pinRoot({ trust, files, pin }: PinDeps): Promise<Result<void>> {
  if (trust.versions().root > 0) return accept(undefined);
  const root = 'rootFile' in pin ? await readRootFile(pin.rootFile) : await findRoot(files, pin.rootSha256);
  if (!root.ok) return root;
  const pinned = await trust.pinRoot(root.value);
  if (pinned.ok) return accept(undefined);
  return no(pinned.refused.code, `The pinned root is not usable: ${pinned.refused.detail}.`, NEW_ROOT);
}

async function readRootFile(file: string): Promise<Result<Uint8Array>> {
  try {
    return accept(await readFile(file));
  } catch (error) {
    const what = error instanceof Error ? error.message : String(error);
    return no('no_root', `The root that agent.yaml names can’t be read: ${what}.`, NEW_ROOT);
  }
}

/** Every root is kept for ever, so the pinned one is among them; normally it is the first or the newest. */
async function findRoot(files: PinDeps['files'], wanted: Sha256): Promise<Result<Uint8Array>> {
  for (let version = 1; version <= LIMITS.rootRotations; version += 1) {
    const root = await readRoot(files, version);
    if (root === undefined) {
      const found = version === 1 ? 'none' : `${version - 1}, none of them with the pinned digest`;
      return no('no_root', `The server publishes ${found === 'none' ? 'no root' : `roots up to ${found}`}.`, NEW_ROOT);
    }
    if (root.length <= LIMITS.rootBytes && sha256Hex(root) === wanted) return accept(root);
  }
  return no('no_root', 'No root with the pinned digest was found.', NEW_ROOT);
}

async function readRoot(files: PinDeps['files'], version: number): Promise<Uint8Array | undefined> {
  try {
    return await files.metadata({ params: { file: `${version}.root.json` } });
  } catch (error) {
    if (error instanceof ProblemError && error.problem.status === 404) return undefined;
    throw error;
  }
}

const NEW_ROOT = 'Compare trust in agent.yaml with what `fairlead trust show` prints for this fleet.';
const no = (category: string, detail: string, hint: string): Result<never> =>
  refuse<Refusal>({ phase: 'check-in', element: 'trust', category, detail, retryable: true, hint });
