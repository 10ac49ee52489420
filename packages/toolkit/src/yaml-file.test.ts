import { Type } from 'typebox';
import { expect, test } from 'vitest';
import { examineYaml, openYaml, sayYamlMistake } from './yaml-file.ts';

const Robot = Type.Object(
  { robot: Type.String(), legs: Type.Array(Type.Object({ joints: Type.Integer() }, { additionalProperties: false })) },
  { additionalProperties: false },
);
const mistakesIn = (text: string | Uint8Array) => {
  const read = openYaml(Robot, text, 'robot.yaml');
  return read.ok ? [] : read.refused.map(sayYamlMistake);
};

test('a good file is read', () => {
  const read = openYaml(Robot, 'robot: duck\nlegs: [{joints: 5}]\n', 'robot.yaml');
  expect(read).toMatchObject({ ok: true, value: { value: { robot: 'duck', legs: [{ joints: 5 }] } } });
});

test('a wrong value is told with its file, line and key', () => {
  expect(mistakesIn('robot: duck\nlegs:\n  - joints: 5\n  - joints: many\n')).toEqual([
    'robot.yaml:4: legs.1.joints: YAML reads many as text: write a whole number without a unit',
  ]);
});

test('a misspelt key is told on its own line', () => {
  expect(mistakesIn('robot: duck\nlegs:\n  - joints: 5\n    jionts: 6\n')).toEqual([
    'robot.yaml:4: legs.0.jionts: unknown key jionts; did you mean joints?',
  ]);
});

test('a key written twice is refused instead of the last one winning', () => {
  expect(mistakesIn('robot: duck\nrobot: goose\nlegs: []\n')).toEqual(['robot.yaml:2: the key robot is written twice']);
});

test('broken YAML is told with its line', () => {
  expect(mistakesIn('robot: duck\nlegs: [\n')[0]).toMatch(/^robot\.yaml:3: /);
});

test('an empty file lacks its required keys', () => {
  expect(mistakesIn('')).toEqual(['robot.yaml:1: must have required properties robot, legs']);
});

test('a file that unfolds into a huge value is refused', () => {
  const lines = ['a: &a0 [x, x, x, x, x, x, x, x, x]'];
  for (let index = 1; index < 9; index++)
    lines.push(
      `k${index}: &a${index} [${Array(9)
        .fill(`*a${index - 1}`)
        .join(', ')}]`,
    );
  expect(mistakesIn(lines.join('\n'))).toEqual(['robot.yaml:1: too many aliases']);
});

test('a tag that means nothing here is refused', () => {
  expect(mistakesIn('robot: !!js/function duck\nlegs: []\n')[0]).toBe(
    'robot.yaml:1: YAML reads !!js/function as a tag: write "!!js/function" in quotes',
  );
});

test('what is found out later is told by line too', () => {
  const opened = openYaml(Robot, 'robot: duck\nlegs:\n  - joints: 5\n', 'robot.yaml');
  const told = opened.ok ? opened.value.locate([{ at: '/legs/0/joints', message: 'is too few' }]) : [];
  expect(told.map(sayYamlMistake)).toEqual(['robot.yaml:3: legs.0.joints: is too few']);
});

test('a second document is refused, because everything in it would be dropped', () => {
  const second = (line: number, marker: string) => [
    `robot.yaml:${line}: a second YAML document begins here. One file is one document: delete the ${marker} in line ${line}`,
  ];
  expect(mistakesIn('robot: duck\nlegs: []\n---\nupdateWindow: {from: "22:00"}\n')).toEqual(second(3, '---'));
  expect(mistakesIn('robot: duck\r\nlegs: []\r\n---\r\nname: x\r\n')).toEqual(second(3, '---'));
  expect(mistakesIn('robot: duck\nlegs: []\n...\nupdateWindow: {}\n')).toEqual(second(3, '...'));
  expect(mistakesIn('robot: duck\nlegs: []\n--- x: [\n')).toEqual(second(3, '---'));
});

test('document marks that drop nothing are accepted', () => {
  for (const text of [
    '---\nrobot: duck\nlegs: []\n',
    '%YAML 1.2\n---\nrobot: duck\nlegs: []\n...\n',
    'robot: duck\nlegs: []\n---\n',
    'robot: duck\nlegs: []\n...\n# the end\n',
  ]) {
    expect(mistakesIn(text)).toEqual([]);
  }
});

test('a text that YAML reads as an alias or a tag is reported as what it is', () => {
  expect(mistakesIn('robot: *.onnx\nlegs: [*a, x]\n')).toEqual([
    'robot.yaml:1: YAML reads *.onnx as an alias: write "*.onnx" in quotes',
    'robot.yaml:2: YAML reads *a as an alias: write "*a" in quotes',
  ]);
  expect(mistakesIn('robot: &name duck\nlegs: [{joints: 1, name: *name}]\n')).toEqual([
    'robot.yaml:2: legs.0.name: unknown key name',
  ]);
  expect(mistakesIn('robot: !keep.txt\nlegs: []\n')).toEqual([
    'robot.yaml:1: YAML reads !keep.txt as a tag: write "!keep.txt" in quotes',
  ]);
});

test('a key written twice does not hide the other mistakes', () => {
  expect(mistakesIn('robot: duck\nrobot: goose\nlegs: [{joints: 1.5}]\n')).toEqual([
    'robot.yaml:2: the key robot is written twice',
    'robot.yaml:3: legs.0.joints: must be a whole number',
  ]);
});

const bytes = (text: string, encoding: BufferEncoding): Uint8Array => Buffer.from(text, encoding);

test('UTF-8 is read with and without its mark', () => {
  expect(mistakesIn(bytes('\u{FEFF}robot: Küche\nlegs: []\n', 'utf8'))).toEqual([]);
  // A file may really say U+FFFD.
  expect(mistakesIn(bytes('robot: "\u{FFFD}"\nlegs: []\n', 'utf8'))).toEqual([]);
});

test('another encoding is refused by the line that would be read wrongly', () => {
  expect(mistakesIn(bytes('legs: []\nrobot: Küche\n', 'latin1'))).toEqual([
    'robot.yaml:2: is not UTF-8: save the file as UTF-8',
  ]);
  const utf16 = 'robot.yaml:1: the file is encoded as UTF-16, or is no text at all: save it as UTF-8';
  expect(mistakesIn(bytes('\u{FEFF}robot: duck\nlegs: []\n', 'utf16le'))).toEqual([utf16]);
  expect(mistakesIn(bytes('robot: duck\nlegs: []\n', 'utf16le'))).toEqual([utf16]);
});

test('an agent does not fail over a comment in another encoding: nothing is read wrongly', () => {
  expect(mistakesIn(bytes('# für die Küche\nrobot: duck\nlegs: []\n', 'latin1'))).toEqual([]);
});

test('two files that were joined are reported by the mark between them', () => {
  expect(mistakesIn(bytes('robot: duck\n\u{FEFF}legs: []\n', 'utf8'))).toEqual([
    'robot.yaml:2: a byte order mark (U+FEFF) stands in the middle of the file: delete it',
  ]);
});

test('with defaults for what is wrong, the rest of a file can still be checked', () => {
  const examined = examineYaml(Robot, 'robot: 3\nlegs: [{joints: 5}]\n', 'robot.yaml', { robot: 'any' });
  expect(examined.value).toEqual({ robot: 'any', legs: [{ joints: 5 }] });
  expect([...examined.omitted]).toEqual(['robot']);
  expect(examined.mistakes.map(sayYamlMistake)).toEqual([
    'robot.yaml:1: robot: YAML reads 3 as a number: write "3" in quotes',
  ]);
  expect(examineYaml(Robot, 'robot: 3\nlegs: []\n', 'robot.yaml').value).toBeUndefined();
});
