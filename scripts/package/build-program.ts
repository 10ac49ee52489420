/** A program's whole folder as it is installed: `bin/node`, `lib/*.js`, native libraries and everybody's licences. */
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { bundleProgram, type Program } from './bundle-program.ts';
import { placeNodeRuntime } from './node-runtime.ts';
import { thirdPartyLicences } from './third-party-licences.ts';

/** `into` is the folder, and made anew; the entries lie in its `lib`. */
export async function buildProgram(program: Program): Promise<void> {
  const { architecture, version, into } = program;
  await rm(into, { recursive: true, force: true });
  const lib = join(into, 'lib');
  const metafile = await bundleProgram({ ...program, into: lib });
  await writeFile(join(lib, 'package.json'), `${JSON.stringify({ type: 'module', version })}\n`);
  await writeFile(join(into, 'THIRD-PARTY-LICENCES'), await thirdPartyLicences(metafile));
  await placeNodeRuntime(architecture, join(into, 'bin/node'));
}
