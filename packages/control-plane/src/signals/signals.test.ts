import type { RobotId } from '@fairlead/shared/ids';
import fc from 'fast-check';
import { expect, test, vi } from 'vitest';
import { lookAgain } from './look-again.ts';
import { fromPayload, toPayloads } from './payloads.ts';
import { inProcessSignals } from './signals.ts';
import { describeSignals } from './signals-contract.ts';

describeSignals('in one process', async () => inProcessSignals());

test('however many robots are woken, each payload is below 8000 bytes and none is left out', () => {
  const name = fc.stringMatching(/^[a-z][a-z0-9-]{0,60}[a-z0-9]$/);
  fc.assert(
    fc.property(fc.array(name, { maxLength: 2000, size: 'max' }), (names) => {
      const robots = names as RobotId[];
      const payloads = toPayloads({ from: 'a', robots, topics: ['settings'] });
      for (const payload of payloads) expect(Buffer.byteLength(payload)).toBeLessThan(8000);
      const read = payloads.map((payload) => fromPayload(payload));
      expect(read.flatMap((one) => one?.robots ?? [])).toEqual(robots);
      expect(read.flatMap((one) => one?.topics ?? [])).toEqual(['settings']);
    }),
    { numRuns: 30 },
  );
});

test('nothing to tell is no payload, and what others tell is not ours', () => {
  expect(toPayloads({ from: 'a', robots: [], topics: [] })).toEqual([]);
  for (const text of ['', '{', '{"from":1}', '{"from":"a","robots":["../x"],"topics":[]}']) {
    expect(fromPayload(text)).toBeUndefined();
  }
});

test('what changes during a look is seen by one more look, and a look that failed is tried again', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout'] });
  let looks = 0;
  const failures: unknown[] = [];
  const until = new AbortController();
  const again = lookAgain(
    async () => {
      looks += 1;
      if (looks === 1) for (const _ of [1, 2, 3]) again();
      if (looks === 2) throw new Error('the database restarts');
    },
    { onFailure: (cause) => failures.push(cause), until: until.signal },
  );
  again();
  await vi.waitFor(() => expect(failures).toHaveLength(1));
  vi.useRealTimers();
  await vi.waitFor(() => expect(looks).toBe(3), { timeout: 3000 });
  again();
  await vi.waitFor(() => expect(looks).toBe(4));
  until.abort();
  again();
  expect(looks).toBe(4);
});
