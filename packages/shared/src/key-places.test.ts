import { Type } from 'typebox';
import { expect, test } from 'vitest';
import { keyPlaces } from './key-places.ts';
import { parse } from './parse.ts';

const closed = { additionalProperties: false };
const Release = Type.Object(
  {
    version: Type.Optional(Type.String()),
    smokeTests: Type.Optional(
      Type.Array(
        Type.Union([
          Type.Object({ onnx: Type.Object({ goldens: Type.String() }, closed) }, closed),
          Type.Object({ command: Type.Object({ run: Type.Array(Type.String()) }, closed) }, closed),
        ]),
      ),
    ),
  },
  closed,
);

test('a key is found in every place that has it', () => {
  expect(keyPlaces(Release, 'goldens')).toEqual(['smokeTests[].onnx']);
  expect(keyPlaces(Release, 'run')).toEqual(['smokeTests[].command']);
  expect(keyPlaces(Release, 'version')).toEqual(['the top level']);
  expect(keyPlaces(Release, 'nowhere')).toEqual([]);
});

test('a key in the wrong place is refused with the place where it belongs', () => {
  const messages = (value: unknown) => {
    const parsed = parse(Release, value);
    return parsed.ok ? [] : parsed.refused.map(({ message }) => message);
  };
  expect(messages({ goldens: '*.json' })).toEqual(['unknown key goldens; it belongs in smokeTests[].onnx']);
  expect(messages({ smokeTests: [{ onnx: { goldens: 'g', version: '1' } }] })).toEqual([
    'unknown key version; it belongs in the top level',
  ]);
});
