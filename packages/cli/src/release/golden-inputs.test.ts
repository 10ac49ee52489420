import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { CliError } from '../cli-error.ts';
import { readGoldenInputs } from './golden-inputs.ts';
import { newFolder } from './testing/author-folder.ts';

async function read(content: string | Uint8Array) {
  const file = join(await newFolder(), 'inputs.json');
  await writeFile(file, content);
  return readGoldenInputs(file);
}
/** What is wrong with these inputs: the message, or all mistakes. */
async function mistakesOf(content: string | Uint8Array): Promise<readonly string[]> {
  return read(content).then(
    () => [],
    ({ message, options }: CliError) => options.mistakes ?? [message],
  );
}
const oneInput = (tensor: object, name = 'obs') =>
  JSON.stringify({ cases: [{ case: 'a', inputs: { [name]: tensor } }] });

describe('inputs as Python writes them', () => {
  test('may be nested lists, with or without dims', async () => {
    const data = [
      [
        [1, 2],
        [3, 4],
      ],
    ];
    const flat = { cases: [{ case: 'a', inputs: { obs: { type: 'float32', dims: [1, 2, 2], data: [1, 2, 3, 4] } } }] };
    expect(await read(oneInput({ type: 'float32', dims: [1, 2, 2], data }))).toEqual(flat);
    expect(await read(oneInput({ type: 'float32', data }))).toEqual(flat);
  });

  test('may begin with a byte order mark', async () => {
    expect(await read(`\uFEFF${oneInput({ type: 'float32', dims: [1], data: [1] })}`)).toMatchObject({ cases: [{}] });
  });

  test('may feed an input of any name', async () => {
    const inputs = await read('{"cases": [{"case": "a", "inputs": {"__proto__": {"type": "bool", "data": [true]}}}]}');
    expect(Object.keys(inputs.cases[0]?.inputs ?? {})).toEqual(['__proto__']);
  });

  test.each([
    ['a NumPy array', '\x93NUMPY\x01\x00', /a NumPy array \(\.npy\); only JSON is read/],
    ['NumPy arrays in a zip archive', 'PK\x03\x04\x14\x00', /a zip archive \(\.npz of NumPy/],
    ['a pickle', '\x80\x04\x95', /a Python pickle/],
  ])('are refused as %s, with the way to write JSON', async (_, start, message) => {
    const refused = read(Buffer.from(start, 'latin1'));
    await expect(refused).rejects.toMatchObject({
      message: expect.stringMatching(message),
      options: { hint: expect.stringContaining('"data": obs.tolist()') },
    });
  });
});

describe('a mistake in the inputs is told with its case and its input', () => {
  test.each([
    [
      'NaN',
      '{"cases": [\n{"case": "a", "inputs": {"obs": {"type": "float32", "data": [[0, NaN]]}}}]}',
      'line 2, column 66',
      'case 1, input "obs", data[0][1]: NaN is not JSON. Write it in quotes: "NaN".',
    ],
    [
      '-Infinity',
      '{"cases": [{"case": "a", "inputs": {"obs": {"data": [-Infinity]}}}]}',
      'Write it in quotes: "-Infinity"',
      'data[0]',
    ],
    ['a comment', '// from a log\n{}', 'line 1, column 1: It is not JSON', ''],
    [
      'rows of different lengths',
      oneInput({ type: 'float32', data: [[1, 2], [3]] }),
      'case "a", input "obs": data[1] has 1 elements, its neighbors have 2',
      '',
    ],
    ['a list among numbers', oneInput({ type: 'float32', data: [1, [2]] }), 'data[1] is a list', ''],
    ['a number among lists', oneInput({ type: 'float32', data: [[1], 2] }), 'data[1] is not a list', ''],
    ['None', oneInput({ type: 'float32', dims: [2], data: [1, null] }), 'case "a", input "obs": data[1] is null', ''],
    [
      'dims that are not those of the lists',
      oneInput({
        type: 'float32',
        dims: [4],
        data: [
          [1, 2],
          [3, 4],
        ],
      }),
      'data is nested as [2,2], but dims is [4]',
      '.ravel().tolist()',
    ],
    ['no type', oneInput({ dims: [1], data: [0] }), 'case "a", input "obs": must have required properties type', ''],
    [
      'an unknown type',
      oneInput({ type: 'double', dims: [1], data: [0] }),
      'case "a", input "obs", type: must be one of',
      '',
    ],
    ['no cases', '{"cases": []}', '/cases: must not have fewer than 1 items', ''],
  ])('%s', async (_, text, first, second) => {
    const mistakes = await mistakesOf(text);
    expect(mistakes).toEqual([expect.stringContaining(first)]);
    expect(mistakes[0]).toContain(second);
  });

  test('all at once', async () => {
    const bad = { type: 'float32', data: [[1], [2, 3]] };
    const cases = ['a', 'b'].map((name) => ({ case: name, inputs: { obs: bad, cmd: bad } }));
    expect(await mistakesOf(JSON.stringify({ cases }))).toHaveLength(4);
  });
});

test('a file that is not there, and a folder, are named', async () => {
  await expect(readGoldenInputs('/no/such/inputs.json')).rejects.toMatchObject({ message: 'There is no such file.' });
  await expect(readGoldenInputs('/tmp')).rejects.toMatchObject({ message: 'It is not a file.' });
});

const CASES = join(import.meta.dirname, '../../../../../shared/data/cases/12-golden-inputs-from-python');
test.skipIf(!existsSync(CASES))('the collected inputs of others are read, or refused with the cause', async () => {
  const of = (name: string) =>
    readGoldenInputs(join(CASES, name)).then(
      ({ cases }) => `${cases.length} case`,
      (error: CliError) => error.options.mistakes?.[0],
    );
  expect(await of('nested.json')).toBe('1 case');
  expect(await of('bom.json')).toBe('1 case');
  expect(await of('nan.json')).toMatch(/line 1, column 90.*case 1, input "obs".*Write it in quotes: "NaN"/);
  expect(await of('comment.json')).toMatch(/line 1, column 1: It is not JSON/);
});
