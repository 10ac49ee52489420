import type { TSchema } from 'typebox';
import { expect, test } from 'vitest';
import { parse } from '../parse.ts';
import { Labels, Metrics } from './robot-facts.ts';

const isTaken = (schema: TSchema, value: unknown): boolean => parse(schema, value).ok;
const many = (count: number, value: unknown) =>
  Object.fromEntries(Array.from({ length: count }, (_, n) => [`k${n}`, value]));

test('attack 102: a name that is no label brings no value with it that nobody has checked', () => {
  expect(isTaken(Labels, { site: 'munich', 'app/line': '3' })).toBe(true);
  for (const key of ['bad key', 'n\n', '', 'k'.repeat(64), '__proto__']) {
    expect(isTaken(Labels, Object.fromEntries([[key, 'munich']]))).toBe(false);
    expect(isTaken(Labels, Object.fromEntries([[key, { nested: [1] }]]))).toBe(false);
  }
});

test('attack 102: a robot has no more than 64 labels', () => {
  expect([isTaken(Labels, many(64, 'x')), isTaken(Labels, many(65, 'x'))]).toEqual([true, false]);
});

test('attack 102: a name that is no metric brings no value with it that nobody has checked', () => {
  expect(isTaken(Metrics, { 'latency.p95-ms': 1e308, __proto: -0 })).toBe(true);
  for (const key of ['bad key', 'n\n', '', 'k'.repeat(101)]) {
    expect(isTaken(Metrics, { [key]: 1 })).toBe(false);
    expect(isTaken(Metrics, { [key]: 'text' })).toBe(false);
  }
  expect(isTaken(Metrics, JSON.parse('{"a":1e999}'))).toBe(false);
});
