import { Type } from 'typebox';
import { expect, test } from 'vitest';
import { openYaml, parseYaml, sayYamlMistake } from './yaml-file.ts';

const Robot = Type.Object(
  { robot: Type.String(), legs: Type.Array(Type.Object({ joints: Type.Integer() }, { additionalProperties: false })) },
  { additionalProperties: false },
);
const mistakesIn = (text: string) => {
  const read = parseYaml(Robot, text, 'robot.yaml');
  return read.ok ? [] : read.refused.map(sayYamlMistake);
};

test('a good file is read', () => {
  const read = parseYaml(Robot, 'robot: duck\nlegs: [{joints: 5}]\n', 'robot.yaml');
  expect(read).toEqual({ ok: true, value: { robot: 'duck', legs: [{ joints: 5 }] } });
});

test('a wrong value is told with its file, line and key', () => {
  expect(mistakesIn('robot: duck\nlegs:\n  - joints: 5\n  - joints: many\n')).toEqual([
    'robot.yaml:4: legs.1.joints: must be integer',
  ]);
});

test('a misspelt key is told on its own line', () => {
  expect(mistakesIn('robot: duck\nlegs:\n  - joints: 5\n    jionts: 6\n')).toEqual([
    'robot.yaml:4: legs.0.jionts: unknown key jionts; did you mean joints?',
  ]);
});

test('a key written twice is refused instead of the last one winning', () => {
  expect(mistakesIn('robot: duck\nrobot: goose\nlegs: []\n')).toEqual(['robot.yaml:2: Map keys must be unique']);
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
  expect(mistakesIn('robot: !!js/function duck\nlegs: []\n')[0]).toMatch(/^robot\.yaml:1: Unresolved tag/);
});

test('what is found out later is told by line too', () => {
  const opened = openYaml(Robot, 'robot: duck\nlegs:\n  - joints: 5\n', 'robot.yaml');
  const told = opened.ok ? opened.value.locate([{ at: '/legs/0/joints', message: 'is too few' }]) : [];
  expect(told.map(sayYamlMistake)).toEqual(['robot.yaml:3: legs.0.joints: is too few']);
});
