import { expect, test } from 'vitest';
import { intAttribute, intsAttribute, model, node, value } from '../../../../scripts/policies/onnx-writer.ts';
import { runSmokeTests } from './run-smoke-tests.ts';
import { folderWith } from './testing/folder-with.ts';
import { modelTest, orderFor } from './testing/order-for.ts';

const [HEIGHT, WIDTH, FRAMES] = [240, 320, 12];
const camera = model(
  {
    nodes: [node('ReduceMean', ['cam'], ['y'], [intsAttribute('axes', [2, 3]), intAttribute('keepdims', 0)])],
    inputs: [value('cam', [1, 3, HEIGHT, WIDTH])],
    outputs: [value('y', [1, 3])],
  },
  17,
);

/** One frame of three colors, and their means. */
function frame(at: number) {
  const size = HEIGHT * WIDTH;
  const colors = [0, 1, 2].map((color) =>
    Array.from({ length: size }, (_, index) =>
      Math.fround(((index * 7919 + (at + 1) * (color + 3) * 31) % 256) / (255 + at)),
    ),
  );
  const means = colors.map((values) => values.reduce((sum, one) => sum + one, 0) / size);
  return {
    case: `frame ${at}`,
    inputs: { cam: { type: 'float32', dims: [1, 3, HEIGHT, WIDTH], data: colors.flat() } },
    outputs: { y: { type: 'float32', dims: [1, 3], data: means } },
  };
}

test('what reading large goldens takes is not charged to the model', async () => {
  const goldens = { cases: Array.from({ length: FRAMES }, (_, at) => frame(at)) };
  const folder = folderWith({ 'camera.onnx': camera, 'frames.json': goldens });
  const limited = modelTest('camera.onnx', { goldens: 'frames.json', maxMemoryMb: 256, timeoutSec: 120 });
  const tested = await runSmokeTests(await orderFor(folder, [limited]));
  expect(tested).toMatchObject({ ok: true, value: { models: [{ cases: FRAMES }] } });
  const peak = tested.ok ? tested.value.models[0]?.peakMemoryMb : undefined;
  expect(peak).toBeLessThan(256);
});
