import { spawnSync } from 'node:child_process';
import { copyFileSync, cpSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ModelContract } from '@fairlead/shared/release/manifest';
import { inspectModel } from '@fairlead/toolkit/smoke-test/inspect-model';
import { CLOCK_FACTOR } from '@fairlead/toolkit/smoke-test/limits';
import { runSmokeTests } from '@fairlead/toolkit/smoke-test/run-smoke-tests';
import { folderWith } from '@fairlead/toolkit/smoke-test/testing/folder-with';
import { modelTest, orderFor } from '@fairlead/toolkit/smoke-test/testing/order-for';
import { beforeAll, describe, expect, test } from 'vitest';
import { childrenOf } from './children.ts';
import { BAD_MODELS, hasSharedData, MODELS, whySkipped } from './shared-data.ts';

/** Within tolerance, or not bad at all: only a digest could tell. */
const HARMLESS = ['control_ok', 'ext_ok', 'flip_weight_mantissa'];
/** On the robot: the manifest promises the interface of the good policy. */
const REFUSED: Readonly<Record<string, string>> = {
  empty: 'model_unloadable',
  html_404: 'model_unloadable',
  random_4k: 'model_unloadable',
  gzip: 'model_unloadable',
  trunc_64: 'model_unloadable',
  trunc_50pct: 'model_unloadable',
  trunc_minus1: 'model_unloadable',
  tail_garbage: 'model_unloadable',
  double: 'model_unloadable',
  flip_weight_sign: 'golden_mismatch',
  flip_elu: 'model_unloadable',
  opset_999: 'unsupported_opset',
  opset_6: 'model_unloadable',
  opset_negative: 'unsupported_opset',
  ir_none: 'model_unloadable',
  zero_nodes: 'model_unloadable',
  custom_domain: 'model_unloadable',
  missing_edge: 'model_unloadable',
  dup_output: 'model_unloadable',
  raw_empty: 'model_unloadable',
  dims_negative: 'model_unloadable',
  interface_input48: 'model_unloadable',
  interface_swapped_joints: 'golden_mismatch',
  interface_no_inputs: 'contract_mismatch',
  old_version: 'contract_mismatch',
  nan_one_weight: 'not_finite',
  inf_bias: 'not_finite',
  huge_weights: 'not_finite',
  random_weights: 'golden_mismatch',
  nondeterministic: 'contract_mismatch',
  ext_short: 'external_data',
  ext_traversal: 'external_data',
  ext_absolute: 'external_data',
  ext_dev_zero: 'external_data',
  ext_offset_huge: 'external_data',
  ext_self: 'external_data',
  bomb_const_1g: 'too_much_memory',
  bomb_const_2e62: 'contract_mismatch',
  bomb_runtime_8g: 'contract_mismatch',
  bomb_init_dims_8g: 'too_large',
  bomb_init_nodata_16g: 'too_large',
  bomb_input_dims: 'too_large',
  bomb_expand_runtime: 'too_large',
  loop_infinite: 'contract_mismatch',
  loop_infinite_scan: 'contract_mismatch',
  chain_100k: 'timed_out',
  nest_if_10: 'contract_mismatch',
  nest_if_60: 'model_unloadable',
  func_self_recursive: 'model_unloadable',
  func_billion_laughs: 'timed_out',
};
/** At build time the contract is the hostile model's own: only running it can tell. */
const REFUSED_WHEN_RUN: Readonly<Record<string, string>> = {
  bomb_const_2e62: 'model_failed',
  bomb_runtime_8g: 'too_much_memory',
  loop_infinite: 'timed_out',
  // Which of the two comes first depends on how fast the machine grows it.
  loop_infinite_scan: 'too_much_memory|timed_out',
  nondeterministic: 'not_repeatable',
};
/** What never ends may not get its processor time on a busy machine; neither verdict lets it pass. */
const orBusy = (category: string): RegExp =>
  new RegExp(`^(${category.replace('timed_out', 'timed_out|machine_busy')})$`);
/** Short only for what never ends: on a busy machine the start alone takes seconds. */
const timeoutOf = (name: string): number => (/^(loop|chain|func_billion)/.test(name) ? 5 : 20);

describe.skipIf(!hasSharedData)(`hostile variants of a real policy${whySkipped}`, () => {
  let archive: string;
  let good: ModelContract;
  beforeAll(async () => {
    archive = folderWith({});
    const { status } = spawnSync('tar', ['--zstd', '-xf', `${BAD_MODELS}variants.tar.zst`, '-C', archive]);
    expect(status).toBe(0);
    const inspected = await inspectModel({ folder: join(archive, 'ext_ok'), path: 'model.onnx' });
    if (!inspected.ok) throw new Error(inspected.refused.detail);
    good = inspected.value;
  });
  const release = (name: string): string => {
    const folder = folderWith({});
    cpSync(join(archive, name), folder, { recursive: true, verbatimSymlinks: true });
    copyFileSync(`${MODELS}lite3_ppo_v6.golden.json`, join(folder, 'golden.json'));
    return folder;
  };
  const timed = async <T>(name: string, work: () => Promise<T>): Promise<T> => {
    const started = performance.now();
    const result = await work();
    // A requirement, not a figure: nothing may take longer than its limit allows by the clock, plus two seconds.
    expect(performance.now() - started).toBeLessThan((CLOCK_FACTOR * timeoutOf(name) + 2) * 1000);
    expect(childrenOf(process.pid)).toEqual([]);
    return result;
  };

  test('every variant of the archive has its verdict here', () => {
    const names = readdirSync(archive, { withFileTypes: true }).filter((entry) => entry.isDirectory());
    expect(names.map(({ name }) => name).toSorted()).toEqual([...HARMLESS, ...Object.keys(REFUSED)].toSorted());
    expect(JSON.parse(readFileSync(`${BAD_MODELS}MANIFEST.json`, 'utf8'))).toHaveProperty(
      'variants.length',
      names.length,
    );
  });

  test.each(HARMLESS)('%s passes: nothing a robot could notice is wrong with it', async (name) => {
    const order = await orderFor(release(name), [
      modelTest('model.onnx', { goldens: 'golden.json', timeoutSec: timeoutOf(name) }),
    ]);
    expect(await timed(name, () => runSmokeTests(order))).toMatchObject({ ok: true });
  });

  test.each(Object.entries(REFUSED))('%s is refused on the robot: %s', async (name, category) => {
    const onnx = modelTest('model.onnx', { goldens: 'golden.json', timeoutSec: timeoutOf(name) });
    const order = await orderFor(release(name), [onnx], { models: [good] });
    expect(await timed(name, () => runSmokeTests(order))).toMatchObject({
      ok: false,
      refused: { category: expect.stringMatching(orBusy(category)), phase: 'smoke-test' },
    });
  });

  test.each(Object.entries(REFUSED_WHEN_RUN))(
    '%s is refused when its own interface was promised: %s',
    async (name, category) => {
      const onnx = modelTest('model.onnx', { requireGoldens: false, timeoutSec: timeoutOf(name) });
      const order = await orderFor(release(name), [onnx], { phase: 'build' });
      const result = await timed(name, () => runSmokeTests(order));
      expect(result.ok ? 'passed' : result.refused.category).toMatch(orBusy(category));
    },
  );
});
