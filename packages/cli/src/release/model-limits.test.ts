import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { SmokeTest } from '@fairlead/shared/release/release-yaml';
import { Parse } from 'typebox/value';
import { expect, test } from 'vitest';
import { makePolicy } from '../../../../scripts/policies/make-policy.ts';
import { buildRelease } from './build-release.ts';
import { modelLimits } from './model-limits.ts';
import { authorFolder } from './testing/author-folder.ts';

/** A whole policy with a description of 64 MiB: fat enough to matter, and still a model. */
function fatPolicy(): Uint8Array {
  const bytes = 64 * 2 ** 20;
  // Fields of a protobuf message may follow in any order: doc_string (6), its length as a varint, its text.
  const docString = [0x32, 0x80, 0x80, 0x80, bytes >> 21];
  return Buffer.concat([makePolicy({ seed: 3 }).model, Buffer.from(docString), Buffer.alloc(bytes, 'x')]);
}

test.each([
  ['is refused where its smoke test allows it too little memory', 'maxMemoryMb: 128', 'too_much_memory'],
  ['is looked at with the memory that its smoke test allows', 'maxMemoryMb: 2048', 'built'],
])('a large model %s', async (_, limit, verdict) => {
  const onnx = `{model: policy.onnx, requireGoldens: false, ${limit}}`;
  const yaml = `component: duck\nversion: 1.0.0\nsmokeTests:\n  - onnx: ${onnx}\n`;
  const folder = await authorFolder({ 'release.yaml': yaml });
  await writeFile(join(folder, 'policy.onnx'), fatPolicy());
  const built = await buildRelease({ folder, to: () => join(folder, 'duck.fairlead'), skipSmokeTests: true });
  const category = !built.ok && 'refusal' in built.refused ? built.refused.refusal.category : undefined;
  expect(built.ok ? 'built' : category).toBe(verdict);
});

test('of several tests of one model the most generous limits count', () => {
  const onnx = (more: object) => Parse(SmokeTest, { onnx: { model: 'a.onnx', requireGoldens: false, ...more } });
  const smokeTests = [onnx({ timeoutSec: 60 }), onnx({ timeoutSec: 30, maxMemoryMb: 500 }), onnx({})];
  expect(modelLimits({ smokeTests }).get('a.onnx')).toEqual({ timeoutSec: 60, maxMemoryMb: 500 });
});
