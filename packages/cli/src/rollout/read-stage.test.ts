import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { readDuration, sayDuration } from './durations.ts';
import { conditionArgument, readStage, sayStage } from './read-stage.ts';

test.each([
  ['10%:300s', { upTo: { percent: 10 }, soakSec: 300 }],
  ['3', { upTo: { count: 3 } }],
  ['zone=test:10m', { upTo: { selector: 'zone=test' }, soakSec: 600 }],
  ['zone in (a,b):1h,manual', { upTo: { selector: 'zone in (a,b)' }, soakSec: 3600, gate: { manual: true } }],
])('--stage %s', (text, stage) => {
  expect(readStage(text)).toEqual(stage);
});

test.each(['', ':5m', '10%:soon', ',manual'])('--stage "%s" is refused with examples', (text) => {
  expect(() => readStage(text)).toThrow(/10%:300s/);
});

test('a stage and a length of time say the same again', () => {
  const reach = fc.oneof(
    fc.integer({ min: 1, max: 100 }).map((percent) => ({ percent })),
    fc.integer({ min: 1, max: 9999 }).map((count) => ({ count })),
    fc.constantFrom('zone=test', 'env in (a,b)', '!busy').map((selector) => ({ selector })),
  );
  fc.assert(
    fc.property(reach, fc.integer({ min: 1, max: 999_999 }), fc.boolean(), (upTo, soakSec, manual) => {
      const stage = { upTo, soakSec, ...(manual && { gate: { manual: true } }) };
      expect(readStage(sayStage(stage))).toEqual(stage);
      expect(readDuration(sayDuration(soakSec))).toBe(soakSec);
    }),
  );
});

test('conditions add up, and one that is none is refused with an example', () => {
  const one = conditionArgument('latency_ms<=20');
  expect(conditionArgument('battery >= 0.5', one)).toEqual([
    { metric: 'latency_ms', max: 20 },
    { metric: 'battery', min: 0.5 },
  ]);
  expect(() => conditionArgument('latency under 20')).toThrow(/inference_latency_p95_ms<=20/);
});
