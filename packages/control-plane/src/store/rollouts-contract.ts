import type { DeploymentState } from '@fairlead/shared/fleet/states';
import type { RolloutId } from '@fairlead/shared/ids';
import { HOUR } from '@fairlead/shared/time';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Deployment, RolloutPart } from './deployments.ts';
import type { RobotRecord } from './robots.ts';
import type { Store } from './store.ts';
import { created, deployment, duck, member, RO, rollout, withRollout } from './testing/stored-rollout.ts';

const OTHER = 'ro_0000000002' as RolloutId;
const excluded = {
  phase: 'assign',
  element: 'x',
  category: 'wrong_hw',
  detail: 'd',
  retryable: false,
  hint: 'h',
} as const;

export function describeRollouts(open: () => Promise<Store>): void {
  describe('rollouts', () => {
    test('are replaced only by whoever saw them last', async () => {
      const { rollouts } = await withRollout(open);
      const next = { ...rollout(), generation: 2, state: 'running' } as const;
      expect(await rollouts.replace(next, { at: 2000, by: 'control-plane', what: 'started' })).toBe(true);
      expect(await rollouts.replace({ ...next, state: 'paused' }, created)).toBe(false);
      expect(await rollouts.find(RO)).toEqual(next);
      expect((await rollouts.events(RO)).map(({ what }) => what)).toEqual(['created', 'started']);
      expect((await rollouts.active()).map((one) => one.rollout)).toEqual([RO]);
      await rollouts.replace({ ...next, generation: 3, state: 'completed' });
      expect(await rollouts.active()).toEqual([]);
      expect((await rollouts.list({ state: 'completed' }, { limit: 5 })).map((one) => one.generation)).toEqual([3]);
    });

    test('have exactly one driver, until its lease is over', async () => {
      const { rollouts } = await withRollout(open);
      expect(await rollouts.drive(RO, 'one', 1000, 2000)).toBe(true);
      expect(await rollouts.drive(RO, 'two', 1500, 2500)).toBe(false);
      expect(await rollouts.drive(RO, 'one', 1900, 3000)).toBe(true);
      expect(await rollouts.drive(RO, 'two', 2500, 3500)).toBe(false);
      expect(await rollouts.drive(RO, 'two', 3001, 4000)).toBe(true);
      expect(await rollouts.drive(RO, 'one', 3002, 4000)).toBe(false);
    });

    test('do not wait for the end of a lease that was taken before the clock was set back', async () => {
      const { rollouts } = await withRollout(open);
      expect(await rollouts.drive(RO, 'before the restart', HOUR, HOUR + 10_000)).toBe(true);
      expect(await rollouts.drive(RO, 'after the restart', 1000, 11_000)).toBe(true);
      // Clocks of two replicas may differ a little.
      expect(await rollouts.drive(RO, 'another replica', 0, 10_000)).toBe(false);
    });

    test('fix a cohort once, take its robots by rank, and count who has no order yet', async () => {
      const { rollouts } = await withRollout(open);
      expect(await rollouts.addMembers(RO, [member(5)])).toBe(0);
      const [first, second] = await rollouts.withoutStage(RO, { limit: 2 });
      expect([first?.robot, second?.robot]).toEqual([duck(1), duck(2)]);
      expect((await rollouts.withoutStage(RO, { after: second, limit: 9 })).map(({ robot }) => robot)).toEqual([
        duck(3),
        duck(4),
        duck(5),
      ]);
      await rollouts.takeIntoStage(RO, 0, [duck(1), duck(2), duck(3)]);
      expect((await rollouts.tallies(RO)).get(0)?.unplaced).toBe(3);
      const [next] = await rollouts.unplaced(RO, { limit: 1 });
      expect((await rollouts.unplaced(RO, { after: next, limit: 9 })).map(({ robot }) => robot)).toEqual([
        duck(2),
        duck(3),
      ]);
      if (!next) throw new Error('three wait');
      await rollouts.place(RO, next, deployment(1, 'pending').deployment);
      await rollouts.exclude(RO, { ...member(2), stage: 0 }, excluded);
      expect((await rollouts.unplaced(RO, { limit: 9 })).map(({ robot }) => robot)).toEqual([duck(3)]);
      expect((await rollouts.tallies(RO)).get(0)?.unplaced).toBe(1);
      const placed = await rollouts.member(RO, next.robot);
      if (!placed) throw new Error('it takes part');
      await rollouts.place(RO, placed, deployment(2, 'pending').deployment);
      expect((await rollouts.tallies(RO)).get(0)?.unplaced).toBe(1);
      expect(await rollouts.countMembers(RO)).toEqual({ members: 4, excluded: 1 });
    });

    test('list their robots by name, of a stage, of a state, left out or not', async () => {
      const store = await withRollout(open);
      const { rollouts } = store;
      await rollouts.takeIntoStage(RO, 0, [duck(1), duck(2)]);
      await store.deployments.save(deployment(1, 'failed'), { at: 1, state: 'failed', by: 'x', refusal: excluded });
      await rollouts.place(RO, { ...member(1), stage: 0 }, deployment(1, 'failed').deployment);
      await rollouts.exclude(RO, member(4), excluded);
      const names = async (...of: Parameters<typeof rollouts.members>) =>
        (await rollouts.members(...of)).map(({ robot }) => robot);
      expect(await names(RO, {}, { after: duck(2), limit: 2 })).toEqual([duck(3), duck(4)]);
      expect(await names(RO, { stage: 0 }, { limit: 9 })).toEqual([duck(1), duck(2)]);
      expect(await names(RO, { state: 'failed' }, { limit: 9 })).toEqual([duck(1)]);
      expect(await names(RO, { excluded: true }, { limit: 9 })).toEqual([duck(4)]);
      expect(await rollouts.ofRobot(duck(4))).toEqual([RO]);
      expect(await rollouts.leftOutOf(duck(4))).toEqual([]);
      expect((await rollouts.members(RO, { stage: 0 }, { limit: 1 }))[0]?.deployed?.state).toBe('failed');
    });

    test('count what became of their robots with every change, whatever the order of changes', async () => {
      await fc.assert(
        fc.asyncProperty(fc.array(CHANGE, { maxLength: 25 }), async (changes) => {
          const store = await withRollout(open);
          const now = new Map<number, Deployment>();
          for (const [n, state, part] of changes) {
            const next = deployment(n, state, part);
            now.set(n, next);
            await store.deployments.save(next);
          }
          const { states = {}, ready = 0, granted = 0, silent = 0 } = (await store.rollouts.tallies(RO)).get(0) ?? {};
          const counted = [...now.values()].filter(({ part }) => part?.stage !== undefined);
          for (const state of STATES) {
            expect(states[state] ?? 0).toBe(counted.filter((one) => one.state === state).length);
          }
          const isOpen = ({ state }: Deployment) => state === 'waiting' || state === 'switching';
          expect(granted).toBe(
            counted.filter((one) => isOpen(one) && (one.part?.grantedAt !== undefined || one.state === 'switching'))
              .length,
          );
          expect(ready).toBe(
            counted.filter(
              (one) => one.state === 'waiting' && one.part?.grantedAt === undefined && one.part?.readyAt !== undefined,
            ).length,
          );
          expect(silent).toBe(
            counted.filter((one) => one.state === 'timed-out' && one.part?.grantedAt === undefined).length,
          );
        }),
        { numRuns: 15 },
      );
    });

    test('know who waits for the grant, who may be switching, and whose time is over', async () => {
      const store = await withRollout(open);
      const { rollouts, deployments } = store;
      await deployments.save(deployment(3, 'waiting', { readyAt: 1 }));
      await deployments.save(deployment(1, 'waiting', { readyAt: 1 }));
      await deployments.save(deployment(2, 'waiting', { readyAt: 1, grantedAt: 2, deadline: 5000 }));
      await deployments.save(deployment(4, 'probation', { deadline: 4000 }));
      await deployments.save(deployment(5, 'downloading'));
      const waiting = await rollouts.awaitingGrant(RO, { limit: 9 });
      expect(waiting.map(({ robot }) => robot)).toEqual([duck(1), duck(3)]);
      expect((await rollouts.awaitingGrant(RO, { after: 10, limit: 9 })).map(({ robot }) => robot)).toEqual([duck(3)]);
      expect([...(await rollouts.inBudget())].sort()).toEqual([duck(2), duck(4)]);
      expect(await rollouts.staging()).toBe(1);
      expect(await rollouts.nextDeadline(RO)).toBe(4000);
      expect(await rollouts.countOverdue(RO, 4999)).toBe(1);
      expect((await rollouts.overdue(RO, 5000, 9)).map(({ robot }) => robot)).toEqual([duck(4), duck(2)]);
      expect(await rollouts.open(RO, { limit: 9 })).toHaveLength(5);
      await deployments.save(deployment(4, 'succeeded'));
      expect(await rollouts.nextDeadline(RO)).toBe(5000);
      expect(await rollouts.inBudget()).toEqual([duck(2)]);
    });

    test('know which robots of a stage have it, page by page, and which of them can not be observed any more', async () => {
      const store = await withRollout(open);
      const { rollouts, deployments, desired, robots } = store;
      for (const n of [1, 2, 3]) await deployments.save(deployment(n, 'succeeded'));
      await deployments.save(deployment(4, 'degraded'));
      await deployments.save(deployment(5, 'succeeded', { stage: 1 }));
      for (const n of [1, 2, 3, 4, 5]) {
        await desired.raise(duck(n));
        await desired.set(duck(n), deployment(n, 'succeeded').component, deployment(n, 'succeeded').deployment);
      }
      const first = await rollouts.watched(RO, 0, { limit: 2 });
      const rest = await rollouts.watched(RO, 0, { after: first.at(-1)?.deployment, limit: 2 });
      expect([...first, ...rest].map(({ robot }) => robot).sort()).toEqual([duck(1), duck(2), duck(3)]);
      expect(await rollouts.watched(RO, 1, { limit: 2 })).toMatchObject([{ robot: duck(5) }]);
      await desired.unset(duck(5), deployment(5, 'succeeded').component);
      expect(await rollouts.watched(RO, 1, { limit: 2 })).toMatchObject([{ departed: 'not-ordered' }]);
      const change = async (n: number, more: Partial<RobotRecord>) => {
        const record = await robots.find(duck(n));
        if (record) await robots.save({ ...record, ...more });
      };
      await change(1, { lifecycle: 'decommissioned' });
      await change(2, { quarantined: excluded });
      expect((await rollouts.watched(RO, 0, { limit: 9 })).map(({ departed }) => departed)).toEqual([
        'decommissioned',
        'quarantined',
        undefined,
      ]);
    });

    test('keep why one of them is degraded', async () => {
      const { deployments } = await withRollout(open);
      const refusal = {
        phase: 'probation',
        element: 'duck-policy',
        category: 'restarts',
        detail: 'It restarted 3 times.',
        retryable: true,
        hint: 'Read its log.',
      } as const;
      const degraded = { ...deployment(1, 'degraded'), degradedBy: [{ source: 'health', refusal }] } as const;
      await deployments.save(degraded);
      expect(await deployments.find(degraded.deployment)).toMatchObject({
        degradedBy: [{ source: 'health', refusal }],
      });
      await deployments.save(deployment(1, 'succeeded'));
      expect(await deployments.find(degraded.deployment)).not.toHaveProperty('degradedBy');
    });

    test('are counted and listed as degraded where the robot skipped its order and is degraded', async () => {
      const { deployments, rollouts } = await withRollout(open);
      const counted = async () => (await rollouts.tallies(RO)).get(0)?.states;
      const listed = (state: DeploymentState) => rollouts.members(RO, { state }, { limit: 9 });
      const skipped = deployment(1, 'skipped');
      await deployments.save(skipped);
      await rollouts.place(RO, { ...member(1), stage: 0 }, skipped.deployment);
      expect(await listed('skipped')).toMatchObject([{ robot: duck(1) }]);
      await deployments.save({ ...skipped, degradedBy: [{ source: 'health', refusal: excluded }] });
      expect(await counted()).toEqual({ degraded: 1 });
      expect(await listed('degraded')).toMatchObject([{ robot: duck(1), deployed: { state: 'skipped' } }]);
      expect(await listed('skipped')).toEqual([]);
      expect(await deployments.list({ state: 'degraded' }, { limit: 9 })).toHaveLength(1);
      await deployments.save(skipped);
      expect(await counted()).toEqual({ skipped: 1 });
      expect(await listed('degraded')).toEqual([]);
    });

    test('use up no time while they await the grant', async () => {
      const { rollouts, deployments } = await withRollout(open);
      await deployments.save(deployment(1, 'waiting', { readyAt: 1000, deadline: 5000 }));
      expect(await rollouts.nextDeadline(RO)).toBeUndefined();
      expect(await rollouts.countOverdue(RO, 9999)).toBe(0);
      const [waiting] = await rollouts.awaitingGrant(RO, { limit: 9 });
      expect(waiting?.part).toMatchObject({ readyAt: 1000, deadline: 5000 });
      await deployments.save(deployment(1, 'waiting', { readyAt: 1000, grantedAt: 8000, deadline: 12_000 }));
      expect(await rollouts.nextDeadline(RO)).toBe(12_000);
    });

    test('have their time anew where somebody gives it to them, and those that have more keep it', async () => {
      const { rollouts, deployments } = await withRollout(open);
      await deployments.save(deployment(1, 'downloading', { deadline: 5000 }));
      await deployments.save(deployment(2, 'downloading', { deadline: 90_000 }));
      await deployments.save(deployment(3, 'waiting', { readyAt: 1000, deadline: 4000 }));
      await deployments.save(deployment(4, 'timed-out', { deadline: 3000 }));
      await rollouts.renewDeadlines(RO, 60_000);
      const found = await Promise.all([1, 2, 3, 4].map((n) => deployments.find(deployment(n, 'waiting').deployment)));
      expect(found.map((one) => one?.part?.deadline)).toEqual([60_000, 90_000, 4000, Infinity]);
    });

    test('raise the generation of those robots that are still in it, and of nobody else', async () => {
      const store = await withRollout(open);
      for (const n of [1, 2]) await store.desired.raise(duck(n));
      await store.deployments.save(deployment(1, 'waiting'));
      await store.deployments.save(deployment(2, 'succeeded'));
      expect(await store.rollouts.raiseOpen(RO)).toEqual([duck(1)]);
      expect((await store.desired.of(duck(1))).generation).toBe(2);
      expect((await store.desired.of(duck(2))).generation).toBe(1);
    });

    test('tell whether a newer one takes every robot that the older one still had', async () => {
      const store = await withRollout(open);
      const { rollouts, deployments } = store;
      await rollouts.insert(rollout(OTHER), created);
      await rollouts.addMembers(OTHER, [1, 2, 3, 4].map(member));
      expect(await rollouts.takesAllOf(OTHER, RO)).toBe(false);
      await deployments.save(deployment(5, 'succeeded'));
      await rollouts.place(RO, member(5), deployment(5, 'succeeded').deployment);
      expect(await rollouts.takesAllOf(OTHER, RO)).toBe(true);
    });

    test('name every robot that was allowed to switch, by its last attempt', async () => {
      const store = await withRollout(open);
      const { rollouts, deployments } = store;
      const save = (n: number, state: DeploymentState, part: Partial<RolloutPart> = {}) => {
        const made = deployment(n, state);
        return deployments.save({ ...made, ...(made.part && { part: { ...made.part, ...part } }) });
      };
      await save(1, 'timed-out', { grantedAt: 6 });
      await save(2, 'timed-out');
      await save(3, 'succeeded', { grantedAt: 6 });
      await save(4, 'skipped');
      await save(5, 'cancelled', { grantedAt: 6 });
      expect(await rollouts.updatedBy(RO)).toMatchObject([
        { robot: duck(1), state: 'timed-out' },
        { robot: duck(3), state: 'succeeded' },
        { robot: duck(5), state: 'cancelled' },
      ]);
    });
  });
}

const STATES = ['waiting', 'switching', 'succeeded', 'failed', 'timed-out'] as const;
const CHANGE = fc.tuple(
  fc.integer({ min: 1, max: 5 }),
  fc.constantFrom(...STATES),
  fc.record({ readyAt: fc.constant(5), grantedAt: fc.constant(6) }, { requiredKeys: [] }),
);
