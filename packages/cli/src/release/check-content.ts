/** Files that are not what they look like, or must not reach every robot: Git LFS pointers and secrets. */
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import type { Mistake } from '@fairlead/shared/parse';
import type { ReleaseYaml } from '@fairlead/shared/release/release-yaml';
import { filePatterns } from './file-patterns.ts';
import { type Found, unreadable } from './list-files.ts';

/** Names that mean a secret and nothing else. */
const SECRET_NAMES = filePatterns([
  '.env',
  '.env.*',
  '!.env.example',
  '!.env.sample',
  '!.env.template',
  '.ssh/',
  '.aws/',
  '.gnupg/',
  '.netrc',
  '.pgpass',
  '.git-credentials',
  '.docker/config.json',
  '.kube/config',
  'id_rsa',
  'id_dsa',
  'id_ecdsa',
  'id_ed25519',
  '*.p12',
  '*.pfx',
  '*.kdbx',
]);

/** What a secret looks like inside a file, with what a person calls it. */
const SECRET_CONTENT: readonly (readonly [RegExp, string])[] = [
  [/-----BEGIN (?:[A-Z]+ ){0,3}PRIVATE KEY(?: BLOCK)?-----/, 'a private key'],
  [/\b(?:AKIA|ASIA)[0-9A-Z]{16}\b/, 'an access key of AWS'],
  [/\b(?:ghp|gho|ghs|ghu|ghr)_[A-Za-z0-9]{36}\b|\bgithub_pat_[A-Za-z0-9_]{60,}/, 'a token of GitHub'],
  [/\bglpat-[A-Za-z0-9_-]{20,}/, 'a token of GitLab'],
  [/\bxox[abprs]-[A-Za-z0-9-]{20,}/, 'a token of Slack'],
  [/\bhf_[A-Za-z0-9]{34}\b/, 'a token of Hugging Face'],
  [/"schema":\s*"fairlead\.key\./, 'a key of Fairlead'],
  [/\bfl[te]_[A-Za-z0-9_-]{43}/, 'a token of Fairlead'],
];
const LFS_POINTER = 'version https://git-lfs.github.com/spec/';
const READ_BYTES = 64 * 1024;

/** Mistakes by JSON pointer into release.yaml, of every file at once. Throws a Failure `unreadable`. */
export async function checkContent(
  folder: string,
  selected: readonly Found[],
  files: ReleaseYaml['files'],
): Promise<Mistake[]> {
  const allowed: readonly string[] = files?.allowSecrets ?? [];
  const mistakes: Mistake[] = [];
  const secrets = new Set<string>();
  for (const { path, kind } of selected) {
    if (kind !== 'file') continue;
    const text = await beginningOf(join(folder, path)).catch((error: unknown) => {
      throw unreadable(path, error);
    });
    if (text.startsWith(LFS_POINTER)) {
      mistakes.push({
        at: '/files',
        message: `${path} is a pointer of Git LFS, not the file itself: run git lfs pull`,
      });
      continue;
    }
    const secret = SECRET_NAMES.matches(path)
      ? 'a secret, by its name'
      : SECRET_CONTENT.find(([form]) => form.test(text))?.[1];
    if (secret === undefined) continue;
    secrets.add(path);
    if (allowed.includes(path)) continue;
    const next = 'exclude it, or name it in files.allowSecrets';
    mistakes.push({ at: '/files', message: `${path} is or holds ${secret}, and every robot would get it; ${next}` });
  }
  for (const [index, path] of allowed.entries()) {
    if (secrets.has(path)) continue;
    mistakes.push({ at: `/files/allowSecrets/${index}`, message: `"${path}" is no secret of this release` });
  }
  return mistakes;
}

async function beginningOf(file: string): Promise<string> {
  const handle = await open(file, 'r');
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(READ_BYTES), 0, READ_BYTES, 0);
    return buffer.toString('latin1', 0, bytesRead);
  } finally {
    await handle.close();
  }
}
