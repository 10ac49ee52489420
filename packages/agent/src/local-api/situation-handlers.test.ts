import type { ReportEvent } from '@fairlead/shared/trust/report';
import { expect, test } from 'vitest';
import type { AgentParts } from '../agent-parts.ts';
import { memoryAlarmRegister } from '../alarms/memory-alarm-register.ts';
import type { Lease } from '../leases/lease.ts';
import { DUCK } from '../update/testing/test-robot.ts';
import { situationHandlers, stepsOver } from './situation-handlers.ts';

const LEASE: Lease = {
  owner: 'arm',
  reason: 'holds a cup',
  expiresAt: '2026-11-21T14:05:00.000Z',
  ageSec: 1,
  remainingSec: 9,
};
function robot(leases: readonly Lease[]) {
  const told: ReportEvent[] = [];
  const logged: string[] = [];
  const parts = {
    conditions: { leases: { list: () => leases, extend: async () => undefined }, maxLeaseSec: 60 },
    alarms: memoryAlarmRegister({ append: (event) => told.push(event) }),
    log: { warn: (_facts: object, message: string) => logged.push(message) },
  } as unknown as AgentParts;
  return { parts, told, logged };
}

test('a person does not go back by hand behind the back of a busy program, but may step over it aloud', () => {
  const { parts, told, logged } = robot([LEASE]);
  expect(stepsOver(parts, { component: DUCK, by: 'ann' })).toMatchObject({
    category: 'busy_lease',
    detail: 'lease of arm until 2026-11-21T14:05:00.000Z: holds a cup',
    hint: expect.stringContaining('--override'),
  });
  expect([told, logged]).toEqual([[], []]);
  expect(stepsOver(parts, { component: DUCK, by: 'ann', override: true })).toBeUndefined();
  expect(told).toMatchObject([{ event: 'alarm', refusal: { category: 'lease_overridden' } }]);
  expect(logged).toEqual([expect.stringContaining('ann goes back by hand')]);
});

test('where nobody is busy there is nothing to step over and nothing to tell', () => {
  const { parts, told } = robot([]);
  expect(stepsOver(parts, { component: DUCK, by: 'ann', override: true })).toBeUndefined();
  expect(told).toEqual([]);
});

test('a program that extends a lease which is over hears so, and does not believe that it is still protected', async () => {
  const handlers = situationHandlers(robot([]).parts);
  await expect(handlers.extendLease({ params: { owner: 'arm' }, body: { ttlSec: 60 } })).rejects.toMatchObject({
    problem: { code: 'not_found' },
  });
});
