/**
 * The steps of an update on a virtual robot. The journey is the agent's own (its table, its driver); only the work is
 * simulated: how long it takes, and whether it comes out well, is drawn from the robot's own stream of chance.
 */
import { type AskDeps, askBeforeSwitch } from '@fairlead/agent/update/ask-before-switch';
import type { StepFunction, Steps, Update } from '@fairlead/agent/update/steps';
import { wait } from '@fairlead/agent/update/steps/wait';
import type { Phase, Refusal } from '@fairlead/shared/failure';
import { SECOND } from '@fairlead/shared/time';
import type { StepResult } from '@fairlead/shared/update/journey';
import type { Chance } from '../world/chance.ts';
import type { Release, World } from '../world/world.ts';
import type { Disk } from './disk.ts';
import type { Life } from './life.ts';
import type { Traits } from './traits.ts';

export interface StepDeps extends AskDeps {
  readonly world: World;
  readonly traits: Traits;
  readonly disk: Disk;
  readonly life: Life;
  readonly chance: Chance;
  readonly sleep: (ms: number, signal?: AbortSignal) => Promise<void>;
  readonly tell: (update: Update['journal']) => void;
  readonly onCommit: (update: Update['journal']) => void;
}

export function virtualSteps(deps: StepDeps): Steps {
  const { world, traits, disk, life, chance } = deps;
  const { truth } = world;
  const releaseOf = ({ journal }: Update): Release | undefined => world.releases.get(journal.candidate.manifestSha256);
  /** Work that a cancellation cuts short. */
  const work = async (least: number, most: number, { signal }: Update): Promise<void> => {
    await life.sleep(chance.between(least, most) * SECOND, signal);
  };
  const plain =
    (phase: Phase, least: number, most: number, breaks = 0): StepFunction =>
    async (update) => {
      await work(least, most, update);
      if (update.signal.aborted) return no(phase, 'cancelled', 'It was called off.');
      return chance.happens(breaks) ? no(phase, 'io', 'The disk did not take it.') : OK;
    };

  return {
    download: plain('download', 10, 240, 0.001),
    verify: plain('verify', 1, 4),
    stage: plain('stage', 2, 15, 0.001),
    'smoke-test': async (update) => {
      await work(5, 40, update);
      const rejects = releaseOf(update)?.temper.rejectedBy.some((board) => board === traits.inventory.board) ?? true;
      return rejects ? no('smoke-test', 'golden_mismatch', 'The outputs are not those that were signed.') : OK;
    },
    'prove-parachute': plain('prove-parachute', 1, 6),
    wait: wait(deps),
    switch: async (update) => {
      const { candidate, current, deployment } = update.journal;
      if (disk.active?.manifestSha256 !== candidate.manifestSha256) {
        const permission = await askBeforeSwitch(update.journal, update.order, deps, update.signal);
        if (!permission.granted) {
          update.waits(permission.reason, permission.ready);
          return { ok: false, refused: permission.reason, notNow: true };
        }
        truth.switches(traits.name, { deployment, from: disk.active, candidate, terms: update.order.terms() });
        if (current) disk.previous = current;
        disk.active = candidate;
        delete disk.health;
        delete disk.fate;
      }
      await life.sleep(chance.between(2, 15) * SECOND);
      return OK;
    },
    probation: async (update) => {
      const { temper } = releaseOf(update) ?? { temper: undefined };
      const dies = chance.happens(temper?.diesInProbation ?? 1);
      await life.sleep(chance.between(dies ? 1 : 60, 62) * SECOND);
      return dies ? no('probation', 'unhealthy', 'The application stopped answering.') : OK;
    },
    commit: async ({ journal }) => {
      await life.sleep(0.1 * SECOND);
      disk.committed = journal.candidate;
      truth.settles(traits.name, disk.active);
      deps.onCommit(journal);
      return OK;
    },
    'roll-back': async ({ journal }) => {
      await life.sleep(chance.between(2, 15) * SECOND);
      if (journal.current) disk.active = journal.current;
      else delete disk.active;
      truth.rollsBack(traits.name, journal.candidate, disk.active);
      truth.settles(traits.name, disk.active);
      return OK;
    },
    discard: async () => OK,
    report: async ({ journal }) => {
      deps.tell(journal);
      return OK;
    },
  };
}

const OK: StepResult = { ok: true };

const no = (phase: Phase, category: string, detail: string): StepResult => ({
  ok: false,
  refused: refusal(phase, category, detail),
});

export const refusal = (phase: Phase, category: string, detail: string): Refusal => ({
  phase,
  element: category,
  category,
  detail,
  retryable: true,
  hint: 'This is a simulation.',
});
