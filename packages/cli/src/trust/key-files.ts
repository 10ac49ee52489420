/** The encrypted offline keys in the CLI's home: one file per role, for its owner's eyes only. */
import { lstat, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse } from '@fairlead/shared/parse';
import { OFFLINE_ROLES, type OfflineRole, SealedKey } from '@fairlead/shared/trust/sealed-key';
import { parseStrictJson } from '@fairlead/shared/trust/strict-json';
import { makeFolderDurably, writeDurably } from '@fairlead/toolkit/durable-files';
import { isMissing } from '@fairlead/toolkit/file-error';
import { CliError, EXIT } from '../cli-error.ts';

export const keyFolder = (home: string): string => join(home, 'keys');
export const keyFile = (home: string, role: OfflineRole): string => join(keyFolder(home), `${role}.json`);

/** Refuses to replace a key: whoever loses one loses what it signs. */
export async function writeKeyFile(home: string, key: SealedKey): Promise<string> {
  const file = keyFile(home, key.role);
  if (await exists(file)) {
    throw new CliError(`There is a ${key.role} key already.`, {
      where: file,
      hint: 'Choose another folder with --home, or move the old key away first.',
      exitCode: EXIT.refused,
    });
  }
  await makeFolderDurably(keyFolder(home), 0o700);
  await writeDurably(file, `${JSON.stringify(key, null, 2)}\n`, { mode: 0o600 });
  return file;
}

/** Throws a CliError where the file is missing, open to others (attack 88), or no key file. */
export async function readKeyFile(file: string): Promise<SealedKey> {
  if (!(await exists(file))) {
    const hint = 'Give its file with --key FILE, or the folder that holds keys/ with --home DIR.';
    throw new CliError('The key is not here.', { where: file, hint, exitCode: EXIT.usage });
  }
  await refuseIfOpen(file);
  const json = parseStrictJson(await readFile(file));
  const key = json.ok ? parse(SealedKey, json.value) : undefined;
  if (key?.ok) return key.value;
  throw new CliError('This is no key file of Fairlead, or it was damaged.', { where: file, exitCode: EXIT.refused });
}

/** A secret that others may read is not one: throws a CliError unless only its owner may. */
export async function refuseIfOpen(file: string): Promise<void> {
  const { mode } = await lstat(file);
  if ((mode & 0o077) === 0) return;
  throw new CliError(`Others may read this file (mode ${(mode & 0o777).toString(8)}).`, {
    where: file,
    hint: `chmod 600 ${file}, and replace what is in it if somebody could have read it.`,
    exitCode: EXIT.refused,
  });
}

/** The keys of this home, in the order of trust. */
export async function listKeys(home: string): Promise<readonly SealedKey[]> {
  const names: readonly string[] = await readdir(keyFolder(home)).catch(() => []);
  const here = OFFLINE_ROLES.filter((role) => names.includes(`${role}.json`));
  return Promise.all(here.map((role) => readKeyFile(keyFile(home, role))));
}

async function exists(file: string): Promise<boolean> {
  try {
    await lstat(file);
    return true;
  } catch (error) {
    if (isMissing(error)) return false;
    throw error;
  }
}
