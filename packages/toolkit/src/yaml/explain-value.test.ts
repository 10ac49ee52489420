import { Type } from 'typebox';
import { expect, test } from 'vitest';
import { openYaml } from '../yaml-file.ts';

const version = Type.String({ pattern: '^[0-9]+\\.[0-9]+\\.[0-9]+$', description: 'Three numbers.' });
const Robot = Type.Object(
  {
    version: Type.Optional(version),
    commit: Type.Optional(Type.String()),
    name: Type.Optional(Type.String({ pattern: '^[a-z]+$' })),
    rollback: Type.Optional(Type.Boolean()),
    standingStill: Type.Optional(Type.Literal(true)),
    services: Type.Optional(Type.Array(Type.String())),
    requires: Type.Optional(Type.Object({ arch: Type.Optional(Type.String()) })),
    port: Type.Optional(Type.Integer()),
    percent: Type.Optional(Type.Number({ minimum: 0 })),
    globs: Type.Optional(Type.Union([Type.String({ minLength: 1 }), Type.Array(Type.String(), { minItems: 1 })])),
    labels: Type.Optional(Type.Record(Type.String(), Type.String())),
  },
  { additionalProperties: false },
);
const mistake = (line: string): string => {
  const read = openYaml(Robot, `${line}\n`, 'robot.yaml');
  return read.ok ? '' : read.refused.map(({ key, message }) => `${key}: ${message}`).join('\n');
};

test.each([
  ['version: 1.10', 'version: YAML reads 1.10 as the number 1.1: write "1.10.0" in quotes'],
  ['version: 2', 'version: YAML reads 2 as a number: write "2.0.0" in quotes'],
  ['commit: 72225e2', 'commit: YAML reads 72225e2 as the number 7222500: write "72225e2" in quotes'],
  ['commit: 3026281', 'commit: YAML reads 3026281 as a number: write "3026281" in quotes'],
  ['commit: 0005747', 'commit: YAML reads 0005747 as the number 5747: write "0005747" in quotes'],
  ['commit: 0x1F', 'commit: YAML reads 0x1F as the number 31: write "0x1F" in quotes'],
  ['commit: true', 'commit: YAML reads true as the truth value true: write "true" in quotes'],
  ['commit: ~', 'commit: YAML reads ~ as no value: write "~" in quotes'],
  ['labels: {floor: 3}', 'labels.floor: YAML reads 3 as a number: write "3" in quotes'],
  ['name: 3', 'name: YAML reads 3 as a number: text is written in quotes'],
  ['commit: [a]', 'commit: must be text, not a list'],
])('%s is a number or a word for YAML, and text was meant', (line, expected) => {
  expect(mistake(line)).toBe(expected);
});

test.each([
  ['rollback: no', 'rollback: YAML reads no as text: write false'],
  ['rollback: "true"', 'rollback: "true" in quotes is text: write true'],
  ['rollback: maybe', 'rollback: YAML reads maybe as text: write true or false'],
  ['rollback: 1', 'rollback: must be true or false'],
  ['standingStill: yes', 'standingStill: YAML reads yes as text: write true'],
  ['standingStill: no', 'standingStill: YAML reads no as text: write true or delete the line'],
  ['standingStill: false', 'standingStill: must be true'],
])('%s is not the truth value that was meant', (line, expected) => {
  expect(mistake(line)).toBe(expected);
});

test.each([
  ['port: "8080"', 'port: "8080" in quotes is text: write 8080'],
  ['port: 1_000', 'port: YAML reads 1_000 as text: write 1000'],
  ['percent: 30%', 'percent: YAML reads 30% as text: write 30'],
  ['port: 10s', 'port: YAML reads 10s as text: write a whole number without a unit'],
  ['port: .inf', 'port: must be a whole number'],
])('%s is not the number that was meant', (line, expected) => {
  expect(mistake(line)).toBe(expected);
});

test.each([
  ['services:', 'services: has no value: write [] or delete the line'],
  ['requires:', 'requires: has no value: write {} or delete the line'],
  ['commit:', 'commit: has no value: write a value or delete the line'],
  ['globs:', 'globs: has no value: write a value or delete the line'],
  ['services: duck', 'services: must be a list: write [duck]'],
  ['requires: arm64', 'requires: must be a mapping: one "key: value" per line, indented'],
])('%s is empty or not the collection that was meant', (line, expected) => {
  expect(mistake(line)).toBe(expected);
});
