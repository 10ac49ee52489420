import { existsSync } from 'node:fs';
import { copyFile, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'vitest';
import { stringify } from 'yaml';
import { succeed } from '../../scripts/local-fleet/fairlead.ts';
import type { LivingRobot } from '../../scripts/local-fleet/robot-process.ts';
import { type TestFleet, test } from './harness/fleet.ts';
import { deploy } from './harness/orders.ts';

const MODELS = join(import.meta.dirname, '../../../shared/data/models');
const available = existsSync(MODELS);
if (!available) process.stdout.write('skipped: the shared collection of real policies is not here\n');

let duck: LivingRobot;

test.runIf(available)('lite3_ppo v3 to v6 are four releases of one component, forward and back', async ({ fleet }) => {
  duck = await fleet.join({ name: 'lite3' });
  const versions = [3, 4, 5, 6].map((n) => `${n}.0.0`);
  for (const [at, version] of versions.entries()) {
    await publishModels(fleet, 'lite3-ppo', version, [`lite3_ppo_v${at + 3}`]);
  }
  for (const version of [...versions, ...versions.toReversed().slice(1)]) {
    const { view } = await deploy(fleet, duck, `lite3-ppo@${version}`);
    expect(view).toMatchObject({ state: 'succeeded', version });
  }
  expect(await activeOf(fleet)).toMatchObject({ 'lite3-ppo': '3.0.0' });
});

test.runIf(available)('the three limx_hu_mimic models are one release', async ({ fleet }) => {
  const models = ['lin_encoder', 'policy', 'priv_encoder'].map((name) => `limx_hu_mimic_${name}`);
  await publishModels(fleet, 'limx-mimic', '1.0.0', models);
  const { view } = await deploy(fleet, duck, 'limx-mimic@1.0.0');
  expect(view).toMatchObject({ state: 'succeeded' });
  expect(await activeOf(fleet)).toMatchObject({ 'limx-mimic': '1.0.0', 'lite3-ppo': '3.0.0' });
});

async function activeOf(fleet: TestFleet): Promise<Record<string, string | undefined>> {
  const { items } = await fleet.api.listRobots();
  const components = items[0]?.components ?? [];
  return Object.fromEntries(components.map(({ component, active }) => [component, active?.version]));
}

/** Models with the goldens that came with them; nothing to start, nothing to ask for its health. */
async function publishModels(fleet: TestFleet, component: string, version: string, models: string[]): Promise<void> {
  const folder = join(fleet.folder, 'releases', `${component}-${version}`);
  await mkdir(folder, { recursive: true });
  for (const model of models) {
    await copyFile(join(MODELS, `${model}.onnx`), join(folder, `${model}.onnx`));
    await copyFile(join(MODELS, `${model}.golden.json`), join(folder, `${model}.golden.json`));
  }
  const smokeTests = models.map((model) => ({
    onnx: { model: `${model}.onnx`, goldens: `${model}.golden.json`, runs: 10 },
  }));
  await writeFile(
    join(folder, 'release.yaml'),
    stringify({ component, version, smokeTests, probation: { seconds: 0 } }),
  );
  const file = `${folder}.fairlead`;
  await succeed(fleet.fairlead, 'release', 'build', folder, '--output', file);
  const passphrase = ['--passphrase-file', fleet.passphraseFile, '--yes'];
  await succeed(fleet.fairlead, 'release', 'publish', file, '--env', 'production', ...passphrase);
}
