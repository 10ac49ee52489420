import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { GoldenFile } from '@fairlead/shared/release/golden';
import { describe, expect, test } from 'vitest';
import { makePolicy } from '../../../../scripts/policies/make-policy.ts';
import { authorFolder, newFolder } from '../release/testing/author-folder.ts';
import { runFairlead } from '../testing/run-fairlead.ts';

const policy = makePolicy({ seed: 7 });

/** A folder with a policy and these goldens, and the arguments that build it. */
async function release(goldens: GoldenFile, onnx = 'goldens: goldens.json') {
  const folder = await authorFolder({
    'release.yaml': `component: duck\nversion: 1.0.0\nsmokeTests:\n  - onnx: {model: policy.onnx, ${onnx}}\n`,
    'goldens.json': JSON.stringify(goldens),
  });
  await writeFile(join(folder, 'policy.onnx'), policy.model);
  const file = join(await newFolder(), 'duck.fairlead');
  return { file, args: ['release', 'build', folder, '-o', file] };
}
const oneCase = { cases: policy.goldens.cases.slice(0, 1) };

test('build and verify print what robots hold the model to, and what its goldens notice', async () => {
  const { file, args } = await release(policy.goldens);
  const built = await runFairlead(args);
  expect(built).toMatchObject({ exitCode: 0, stderr: '' });
  expect(built.stdout).toMatch(/^ *policy\.onnx +input +obs +float32\[1,24\]$/m);
  expect(built.stdout).toMatch(/^ *policy\.onnx +output +actions +float32\[1,8\]$/m);
  expect(built.stdout).toContain('The goldens of policy.onnx notice 15 of 15 wrong models');

  const [human, json] = [
    await runFairlead(['release', 'verify', file]),
    await runFairlead(['release', 'verify', file, '--json']),
  ];
  expect(human.stdout).toMatch(/^ *policy\.onnx +input +obs +float32\[1,24\]$/m);
  expect(JSON.parse(json.stdout)).toMatchObject({
    models: [{ path: 'policy.onnx', inputs: [{ name: 'obs', dtype: 'float32', shape: [1, 24] }] }],
  });
});

describe('goldens that prove little', () => {
  test('are a warning of the build, and part of its JSON', async () => {
    const { args } = await release(oneCase);
    const built = await runFairlead([...args, '--json']);
    expect(built.exitCode).toBe(0);
    expect(built.stderr).toContain('warning: goldens of policy.onnx: There is only one case');
    expect(JSON.parse(built.stdout)).toMatchObject({
      goldens: [{ model: 'policy.onnx', weaknesses: [{ code: 'one_case' }], mutants: { tried: 15 } }],
      warnings: [expect.stringContaining('only one case')],
    });
  });

  test('are refused by a strict build, all at once, and nothing is written', async () => {
    const { file, args } = await release(policy.goldens, 'requireGoldens: false');
    const built = await runFairlead([...args, '--strict']);
    expect(built.exitCode).toBe(3);
    expect(built.stderr).toContain('goldens of policy.onnx: It has no goldens');
    await expect(readFile(file)).rejects.toThrow('ENOENT');
  });

  test('cannot be judged by a strict build that skips the smoke tests', async () => {
    const built = await runFairlead(['release', 'build', '.', '--strict', '--skip-smoke-tests']);
    expect(built).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('leave --skip-smoke-tests out') });
  });

  test('are a warning where they are made, with the tolerance that is given', async () => {
    const folder = await authorFolder({ 'inputs.json': JSON.stringify(policy.inputs) });
    const model = join(folder, 'policy.onnx');
    await writeFile(model, policy.model);
    const make = ['release', 'golden', model, '--inputs', join(folder, 'inputs.json'), '--atol', '2'];
    const strict = await runFairlead([...make, '--strict']);
    expect(strict.exitCode).toBe(3);
    expect(strict.stderr).toContain('The tolerance of output "actions" (rtol 0.001, atol 2) is larger than its values');
    await expect(readFile(join(folder, 'policy.golden.json'))).rejects.toThrow('ENOENT');

    const made = await runFairlead(make);
    expect(made).toMatchObject({ exitCode: 0, stderr: expect.stringContaining('is larger than its values') });
    expect(made.stdout).toContain('4 cases of policy.onnx are kept');
    expect(JSON.parse(await readFile(join(folder, 'policy.golden.json'), 'utf8'))).toMatchObject({
      cases: { length: 4 },
    });
  });
});
