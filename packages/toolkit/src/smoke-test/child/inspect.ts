/** Everything that must hold before ONNX Runtime may see the file: it and its weights are files of this release. */
import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { open, realpath } from 'node:fs/promises';
import { join, posix } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { accept, type Result, refuse } from '@fairlead/shared/failure';
import { ReleasePath } from '@fairlead/shared/ids';
import { parse } from '@fairlead/shared/parse';
import type { ReleaseFile } from '@fairlead/shared/release/manifest';
import { type Finding, finding } from '../findings.ts';
import { checkDeclaration } from './check-declaration.ts';
import { type ModelDeclaration, readDeclaration } from './read-declaration.ts';

interface InspectOrder {
  readonly folder: string;
  readonly model: string;
  /** The allow-list with digests; absent while a release is being built. */
  readonly files?: readonly ReleaseFile[];
}
/** What is written in the file, plus the checked paths of its weights inside the release. */
export interface Inspected extends ModelDeclaration {
  readonly weights: readonly ReleasePath[];
}

/** Reads and checks the model file and the files of weights it names, without ONNX Runtime. */
export async function inspect(order: InspectOrder): Promise<Result<Inspected, Finding>> {
  const refused = await checkFile(order, order.model);
  if (refused) return refuse(refused);
  const declaration = await readDeclaration(join(order.folder, order.model));
  if (!declaration.ok) return declaration;
  const unfit = checkDeclaration(order.model, declaration.value);
  if (unfit) return refuse(unfit);
  const weights = new Set<ReleasePath>();
  for (const location of declaration.value.externalData) {
    const found = await checkWeights(order, location);
    if (!found.ok) return found;
    weights.add(found.value);
  }
  return accept({ ...declaration.value, weights: [...weights].sort() });
}

async function checkWeights(order: InspectOrder, location: string): Promise<Result<ReleasePath, Finding>> {
  const say = (detail: string) => refuse(finding('external_data', order.model, detail));
  // Absolute paths, "..", devices, and ONNX Runtime's own "*/_ORT_MEM_ADDR_/*" (an address in memory) end here.
  const path = parse(ReleasePath, location === '' ? location : posix.join(posix.dirname(order.model), location));
  const plain = parse(ReleasePath, location.replace(/^\.\//, ''));
  if (!path.ok || !plain.ok) return say(`It names weights at "${location}", which is no path inside the release.`);
  // Read as weights, the model's own bytes load without an error and answer NaN.
  if (path.value === order.model) return say('It names itself as its file of weights.');
  const refused = await checkFile(order, path.value);
  return refused ? say(`Weights "${path.value}": ${refused.detail}`) : accept(path.value);
}

/** A regular file, reached without any link, listed in the release, with the size and digest listed there. */
async function checkFile({ folder, files }: InspectOrder, path: string): Promise<Finding | undefined> {
  const listed = files?.find((file) => file.path === path);
  if (files && !listed) return finding('file_missing', path, 'The file is not listed in the manifest of this release.');
  const full = join(folder, path);
  try {
    if ((await realpath(full)) !== join(await realpath(folder), path)) {
      return finding('type', path, 'The file is reached through a symbolic link.');
    }
    // O_NONBLOCK: opening a FIFO that nobody writes to would wait for ever.
    const handle = await open(full, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    try {
      const { size } = await handle.stat().then((stat) => (stat.isFile() ? stat : { size: -1 }));
      if (size < 0) return finding('type', path, 'It is not a regular file.');
      if (!listed) return undefined;
      if (size !== listed.size) return finding('hash', path, `It has ${size} bytes; the manifest says ${listed.size}.`);
      const hash = createHash('sha256');
      await pipeline(handle.createReadStream({ autoClose: false }), hash);
      if (hash.digest('hex') === listed.sha256) return undefined;
      return finding('hash', path, 'Its SHA-256 is not the one in the manifest.');
    } finally {
      await handle.close();
    }
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unreadable';
    return finding('file_missing', path, `The file cannot be read (${code}).`);
  }
}
