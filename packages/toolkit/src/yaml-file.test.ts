import { Type } from 'typebox';
import { expect, test } from 'vitest';
import { parseYaml, sayYamlMistake } from './yaml-file.ts';

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
