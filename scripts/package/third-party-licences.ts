/** The licences of everything that was bundled, as their authors ask: name, version and text of each package. */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Metafile } from 'esbuild';

const PROJECT = join(import.meta.dirname, '../..');
/** Not bundled but copied beside. */
const COPIED = ['onnxruntime-node', 'onnxruntime-common', `node-linux-${process.arch}`];

export async function thirdPartyLicences({ inputs }: Metafile): Promise<string> {
  const names = new Set(COPIED);
  for (const path of Object.keys(inputs)) {
    const [, name] = /.*node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(path) ?? [];
    if (name !== undefined) names.add(name);
  }
  const texts = await Promise.all([...names].toSorted().map(licenceOf));
  return texts.join(`\n${'='.repeat(80)}\n`);
}

async function licenceOf(name: string): Promise<string> {
  const folder = join(PROJECT, 'node_modules', name);
  const { version, license } = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8'));
  const file = (await readdir(folder)).find((entry) => /^licen[cs]e(\.(md|txt))?$/i.test(entry));
  const text =
    file === undefined ? '(the package brings no text of its own)\n' : await readFile(join(folder, file), 'utf8');
  return `${name} ${version} (${license ?? 'licence not declared'})\n\n${text}`;
}
