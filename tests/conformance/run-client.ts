/**
 * What the conformance suite's client does (CLIENT-CLI.md of github.com/theupdateframework/tuf-conformance), on
 * the agent's real trust store.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { Result } from '@fairlead/shared/failure';
import type { Instant } from '@fairlead/shared/time';
import type { TargetName } from '@fairlead/shared/trust/names';
import { hasDigest } from '@fairlead/toolkit/trust/fetch-target';
import type { TrustRefusal } from '@fairlead/toolkit/trust/trust-store';
import { openTufTrustStore, type TufTrustStore } from '@fairlead/toolkit/trust/tuf-trust-store';
import { LOOSE_PROFILE } from './loose-profile.ts';

export interface ClientWorld {
  readonly now: Instant;
  /** Hears why something was refused. */
  readonly say: (line: string) => void;
}
type Values = Readonly<Partial<Record<'metadata-dir' | 'target-name' | 'target-base-url' | 'target-dir', string>>>;
interface Run extends ClientWorld {
  readonly store: TufTrustStore;
  readonly values: Values;
  readonly file: string | undefined;
}

const COMMANDS: Readonly<Record<string, (run: Run) => Promise<boolean>>> = { init, refresh, download };

/** Runs one command line of the protocol. 0: done; 1: refused. */
export async function runClient(args: readonly string[], world: ClientWorld): Promise<0 | 1> {
  const text = { type: 'string' } as const;
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      'metadata-dir': text,
      'metadata-url': { ...text, default: 'http://127.0.0.1:9/' },
      'target-name': text,
      'target-base-url': text,
      'target-dir': text,
    },
  });
  const [name = '', file] = positionals;
  const command = COMMANDS[name];
  if (!command) throw new TypeError(`there is no command "${name}"`);
  const folder = needed(values, 'metadata-dir');
  mkdirSync(folder, { recursive: true });
  const store = openTufTrustStore({
    file: join(folder, 'trust.db'),
    baseUrl: values['metadata-url'],
    builtAt: 0,
    profile: LOOSE_PROFILE,
    ...(values['target-base-url'] ? { targetsUrl: values['target-base-url'] } : {}),
  });
  try {
    return (await command({ ...world, store, values, file })) ? 0 : 1;
  } finally {
    showTrusted(store, folder);
    store.close();
  }
}

async function init({ store, file, say }: Run): Promise<boolean> {
  return file !== undefined && told(await store.pinRoot(readFileSync(file)), say).ok;
}

async function refresh({ store, now, say }: Run): Promise<boolean> {
  return told(await store.refresh(now), say).ok;
}

async function download(run: Run): Promise<boolean> {
  const { store, values, say } = run;
  if (!(await refresh(run))) return false;
  // The loose profile lets any name through, which the product never would.
  const found = told(await store.lookup(needed(values, 'target-name') as TargetName), say);
  if (!found.ok) return false;
  const file = join(needed(values, 'target-dir'), encodeURIComponent(found.value.name));
  if (existsSync(file) && hasDigest(readFileSync(file), found.value)) return true;
  const fetched = told(await store.fetch(found.value), say);
  if (!fetched.ok) return false;
  mkdirSync(needed(values, 'target-dir'), { recursive: true });
  writeFileSync(file, fetched.value);
  return true;
}

function told<T>(result: Result<T, TrustRefusal>, say: ClientWorld['say']): Result<T, TrustRefusal> {
  if (!result.ok) say(`${result.refused.code}: ${result.refused.detail}`);
  return result;
}

/** The suite reads what a client trusts from files named after their roles. */
function showTrusted(store: TufTrustStore, folder: string): void {
  for (const [name, bytes] of store.trustedFiles()) {
    const file = join(folder, name);
    if (!existsSync(file) || !readFileSync(file).equals(bytes)) writeFileSync(file, bytes);
  }
}

function needed(values: Values, option: keyof Values): string {
  const value = values[option];
  if (value === undefined) throw new TypeError(`--${option} is missing`);
  return value;
}
