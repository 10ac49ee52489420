/**
 * `npm run package`: every package of this version, for both processors, into dist/. `--architecture x64|arm64` and
 * `--version V` make one of another; `--quick` compresses little, for tests.
 */
import { stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { parseArgs } from 'node:util';
import { agentPackage } from './agent-package.ts';
import { buildAgent } from './build-agent.ts';
import { ARCHITECTURES } from './bundle-program.ts';
import { buildDeb } from './deb.ts';

const { values } = parseArgs({
  options: {
    architecture: { type: 'string' },
    version: { type: 'string' },
    into: { type: 'string', default: join(import.meta.dirname, '../../dist') },
    quick: { type: 'boolean', default: false },
  },
});
const wanted = ARCHITECTURES.filter((one) => values.architecture === undefined || one === values.architecture);
if (wanted.length === 0) throw new Error(`--architecture is one of ${ARCHITECTURES.join(', ')}`);
for (const architecture of wanted) {
  const version = values.version === undefined ? {} : { version: values.version };
  const built = await buildAgent({ architecture, ...version, into: join(values.into, `agent-${architecture}`) });
  await report(await buildDeb(await agentPackage(built, architecture), values.into, values.quick));
}

async function report(file: string): Promise<void> {
  console.log(`${((await stat(file)).size / 2 ** 20).toFixed(1).padStart(7)} MiB  ${basename(file)}`);
}
