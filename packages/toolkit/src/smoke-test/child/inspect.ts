/** Everything that must hold before ONNX Runtime may see the file: it and its weights are files of this release. */
import { join, posix } from 'node:path';
import { accept, type Result, refuse } from '@fairlead/shared/failure';
import { ReleasePath } from '@fairlead/shared/ids';
import { parse } from '@fairlead/shared/parse';
import { type Finding, finding } from '../findings.ts';
import { checkDeclaration } from './check-declaration.ts';
import { checkFile, type FileOrder } from './check-file.ts';
import { type ModelDeclaration, readDeclaration } from './read-declaration.ts';
import type { ExternalRange } from './read-external-range.ts';

interface InspectOrder extends FileOrder {
  readonly model: string;
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
