import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { makePolicy } from '../../../../../scripts/policies/make-policy.ts';
import { folderWith } from '../testing/folder-with.ts';
import { readDeclaration } from './read-declaration.ts';

const file = join(folderWith({}), 'model.onnx');
const read = (bytes: Uint8Array) => {
  writeFileSync(file, bytes);
  return readDeclaration(file);
};
const { model } = makePolicy({ seed: 1, externalData: 'weights.bin' });

test('a policy declares its operator set, its values and where its weights lie', async () => {
  expect(await read(model)).toEqual({
    ok: true,
    value: {
      opsets: { 'ai.onnx': 18 },
      inputs: [{ name: 'obs', elementType: 1, elements: 24, rank: 2 }],
      outputs: [{ name: 'actions', elementType: 1, elements: 8, rank: 2 }],
      externalData: [{ location: 'weights.bin', end: 24 * 64 * 4 }],
    },
  });
});

test('whatever bytes it is given, it answers with a value', async () => {
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 300 }), async (bytes) => {
      expect(await read(bytes)).toHaveProperty('ok');
    }),
  );
});

test('whatever byte of a real model is changed, it answers with a value', async () => {
  await fc.assert(
    fc.asyncProperty(fc.nat(model.length - 1), fc.nat(255), async (at, byte) => {
      expect(await read(model.with(at, byte))).toHaveProperty('ok');
    }),
  );
});

test('subgraphs nested without end are refused without recursion', async () => {
  // attribute(5) of node(1) of graph, holding a graph (6), and so on: every level wraps the one inside.
  let nested: Buffer = Buffer.alloc(0);
  const wrap = (tag: number, inner: Buffer): Buffer => {
    const length = [];
    let rest = inner.length;
    for (; rest > 127; rest = Math.floor(rest / 128)) length.push((rest % 128) + 128);
    return Buffer.concat([Buffer.from([tag, ...length, rest]), inner]);
  };
  for (let level = 0; level < 500; level += 1) nested = wrap(0x32, wrap(0x0a, wrap(0x2a, nested)));
  const refused = await read(wrap(0x3a, wrap(0x0a, wrap(0x2a, nested))));
  expect(refused).toMatchObject({ ok: false, refused: { detail: expect.stringContaining('nested too deeply') } });
});

test('groups, which protobuf abandoned, cannot exhaust the stack', async () => {
  expect(await read(new Uint8Array(1_000_000).fill(0x0b))).toMatchObject({ ok: false });
});
