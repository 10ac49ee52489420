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
import { type Category, type Finding, finding } from '../findings.ts';
import { checkDeclaration } from './check-declaration.ts';
import { type ModelDeclaration, readDeclaration } from './read-declaration.ts';
import type { ExternalRange } from './read-external-range.ts';

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
  const checked = await checkFile(order, order.model);
  if (!checked.ok) return checked;
  const declaration = await readDeclaration(join(order.folder, order.model));
  if (!declaration.ok) return declaration;
  const unfit = checkDeclaration(order.model, declaration.value);
  if (unfit) return refuse(unfit);
  const weights = await checkWeights(order, declaration.value.externalData);
  return weights.ok ? accept({ ...declaration.value, weights: weights.value }) : weights;
}

async function checkWeights(
  order: InspectOrder,
  ranges: readonly ExternalRange[],
): Promise<Result<readonly ReleasePath[], Finding>> {
  const say = (detail: string) => refuse(finding('external_data', order.model, detail));
  const sizes = new Map<string, { path: ReleasePath; size: number }>();
  for (const { location, end } of ranges) {
    if (!sizes.has(location)) {
      // Absolute paths, "..", devices, and ONNX Runtime's own "*/_ORT_MEM_ADDR_/*" (an address in memory) end here.
      const plain = parse(ReleasePath, location.replace(/^\.\//, ''));
      const path = parse(ReleasePath, posix.join(posix.dirname(order.model), location));
      if (!path.ok || !plain.ok) return say(`It names weights at "${location}", which is no path inside the release.`);
      // Read as weights, the model's own bytes load without an error and answer NaN.
      if (path.value === order.model) return say('It names itself as its file of weights.');
      const checked = await checkFile(order, path.value);
      if (!checked.ok) return say(`Weights "${path.value}": ${checked.refused.detail}`);
      sizes.set(location, { path: path.value, size: checked.value });
    }
    const { path, size } = sizes.get(location) ?? { path: '', size: 0 };
    if (end > size) return say(`It reads up to byte ${end} of "${path}", which has ${size} bytes.`);
  }
  return accept([...new Set([...sizes.values()].map(({ path }) => path))].toSorted((a, b) => (a < b ? -1 : 1)));
}

/** Accepts with its size: a regular file, reached without any link, with the size and digest that are listed. */
async function checkFile({ folder, files }: InspectOrder, path: string): Promise<Result<number, Finding>> {
  const no = (category: Category, detail: string) => refuse(finding(category, path, detail));
  const listed = files?.find((file) => file.path === path);
  if (files && !listed) return no('file_missing', 'The file is not listed in the manifest of this release.');
  try {
    if ((await realpath(join(folder, path))) !== join(await realpath(folder), path)) {
      return no('type', 'The file is reached through a symbolic link.');
    }
    // O_NONBLOCK: opening a FIFO that nobody writes to would wait for ever.
    await using handle = await open(
      join(folder, path),
      constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK,
    );
    const stat = await handle.stat();
    if (!stat.isFile()) return no('type', 'It is not a regular file.');
    if (!listed) return accept(stat.size);
    if (stat.size !== listed.size) return no('hash', `It has ${stat.size} bytes; the manifest says ${listed.size}.`);
    const hash = createHash('sha256');
    await pipeline(handle.createReadStream({ autoClose: false }), hash);
    if (hash.digest('hex') !== listed.sha256) return no('hash', 'Its SHA-256 is not the one in the manifest.');
    return accept(stat.size);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unreadable';
    return no('file_missing', `The file cannot be read (${code}).`);
  }
}
