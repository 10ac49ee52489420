import { TENSOR_TYPES } from '@fairlead/shared/release/manifest';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { toGolden, toTensor } from './tensor-codec.ts';

const SAMPLES: Readonly<Record<(typeof TENSOR_TYPES)[number], readonly (number | string | boolean)[]>> = {
  float32: [0, -1.5, 'NaN', '-Infinity'],
  float64: [0.1, -1e300, 'NaN', 'Infinity'],
  float16: [0.5, -2, 65504, 'Infinity'],
  int8: [-128, 127],
  uint8: [0, 255],
  int16: [-32768, 32767],
  uint16: [0, 65535],
  int32: [-(2 ** 31), 2 ** 31 - 1],
  uint32: [0, 2 ** 32 - 1],
  int64: ['-9223372036854775808', '9223372036854775807', 0],
  uint64: ['18446744073709551615', 1],
  bool: [true, false],
  string: ['stop', ''],
};

test.each(TENSOR_TYPES)('%s survives the way into a tensor and back, to the last bit', (type) => {
  const data = [...SAMPLES[type]];
  const golden = { type, dims: [1, data.length], data };
  const tensor = toTensor(golden);
  expect(tensor.ok && toGolden(tensor.value)).toEqual(golden);
});

test('an element that does not fit its type is refused with its place', () => {
  const cases = [
    ['int8', 128],
    ['uint8', -1],
    ['int32', 1.5],
    ['int64', '9223372036854775808'],
    ['int64', 2 ** 60],
    ['bool', 2],
    ['float32', '1.5'],
    ['string', 1],
  ] as const;
  for (const [type, element] of cases) {
    const refused = toTensor({ type, dims: [1], data: [element] });
    expect(refused).toMatchObject({ ok: false, refused: expect.stringContaining(`is no ${type}`) });
  }
});

test('dims that do not fit the data are refused before anything is allocated for them', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 2 ** 31 - 1 }), { maxLength: 16 }), (dims) => {
      const refused = toTensor({ type: 'float32', dims, data: [1, 2, 3] });
      expect(refused.ok).toBe(dims.reduce((product, size) => product * size, 1) === 3);
    }),
  );
});
