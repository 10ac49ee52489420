#!/usr/bin/env node
/**
 * The client under test of the public TUF conformance suite (github.com/theupdateframework/tuf-conformance,
 * CLIENT-CLI.md), on the agent's real trust store. Exit code 0: done; 1: refused.
 *
 *   client.ts --metadata-dir D init ROOT
 *   client.ts --metadata-dir D --metadata-url U refresh
 *   client.ts --metadata-dir D --metadata-url U --target-name T --target-base-url B --target-dir X download
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { sha256Hex } from '@fairlead/shared/trust/digest';
import type { TargetName } from '@fairlead/shared/trust/names';
import { openTufTrustStore, type TufTrustStore } from '@fairlead/toolkit/trust/tuf-trust-store';
import { LOOSE_PROFILE } from './loose-profile.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    'metadata-dir': { type: 'string' },
    'metadata-url': { type: 'string', default: 'http://127.0.0.1:9/' },
    'target-name': { type: 'string' },
    'target-base-url': { type: 'string' },
    'target-dir': { type: 'string' },
  },
});
type Option = keyof typeof values;
const needed = (option: Option): string => {
  const value = values[option];
  if (value === undefined) throw new TypeError(`--${option} is missing`);
  return value;
};

const commands: Record<string, (store: TufTrustStore) => Promise<boolean>> = { init, refresh, download };

async function init(store: TufTrustStore): Promise<boolean> {
  const [, file] = positionals;
  return file !== undefined && agreed(await store.pinRoot(readFileSync(file)));
}

async function refresh(store: TufTrustStore): Promise<boolean> {
  // Date.now() and nothing else: the suite moves this process through time with libfaketime.
  const refreshed = await store.refresh(Date.now());
  return agreed(refreshed);
}

async function download(store: TufTrustStore): Promise<boolean> {
  if (!(await refresh(store))) return false;
  // The loose profile lets any name through, which the product never would.
  const found = await store.lookup(needed('target-name') as TargetName);
  if (!agreed(found)) return false;
  const target = found.value;
  const file = join(needed('target-dir'), encodeURIComponent(target.name));
  if (existsSync(file) && sha256Hex(readFileSync(file)) === target.sha256) return true;
  const fetched = await store.fetch(target);
  if (!agreed(fetched)) return false;
  mkdirSync(needed('target-dir'), { recursive: true });
  writeFileSync(file, fetched.value);
  return true;
}

function agreed<T>(
  result: { ok: true; value: T } | { ok: false; refused: { code: string; detail: string } },
): result is {
  ok: true;
  value: T;
} {
  if (!result.ok) console.error(`${result.refused.code}: ${result.refused.detail}`);
  return result.ok;
}

/** The suite reads what a client trusts from files named after their roles. */
function showTrusted(store: TufTrustStore, folder: string): void {
  for (const [name, bytes] of store.trustedFiles()) {
    const file = join(folder, name);
    if (!existsSync(file) || !readFileSync(file).equals(bytes)) writeFileSync(file, bytes);
  }
}

async function main(): Promise<number> {
  const folder = needed('metadata-dir');
  const [command = ''] = positionals;
  const run = commands[command];
  if (!run) throw new TypeError(`there is no command "${command}"`);
  mkdirSync(folder, { recursive: true });
  const store = openTufTrustStore({
    file: join(folder, 'trust.db'),
    baseUrl: needed('metadata-url'),
    builtAt: 0,
    profile: LOOSE_PROFILE,
    ...(values['target-base-url'] ? { targetsUrl: values['target-base-url'] } : {}),
  });
  try {
    return (await run(store)) ? 0 : 1;
  } finally {
    showTrusted(store, folder);
    store.close();
  }
}

try {
  process.exitCode = await main();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
