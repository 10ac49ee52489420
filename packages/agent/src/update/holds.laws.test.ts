/**
 * The laws of the hold, over where the power is cut, what the control plane decides and what of that reaches the robot:
 * nothing switches under a hold that was heard, nor, where the order asks for it, under one that was not heard yet; and
 * once it is granted and heard, it switches. The driver, the journal's terms, `wait` and the questions are the real ones.
 */
import { accept, type Refusal, refuse } from '@fairlead/shared/failure';
import { testClock } from '@fairlead/shared/testing/test-clock';
import type { ComponentOrder } from '@fairlead/shared/trust/assignment';
import type { Journal } from '@fairlead/shared/update/journal';
import { begin, resume, type StepResult } from '@fairlead/shared/update/journey';
import { STEPS, type Step } from '@fairlead/shared/update/step';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { alwaysSafe } from '../conditions/safe-state.ts';
import type { JournalStore } from '../journal/journal-store.ts';
import { sampleJournal } from '../journal/journal-store-contract.ts';
import { journalWithTerms } from '../journal/journal-with-terms.ts';
import { askBeforeSwitch } from './ask-before-switch.ts';
import { runUpdate } from './run-update.ts';
import { standingOrders } from './standing-order.ts';
import { wait } from './steps/wait.ts';
import type { StepFunction, Steps } from './steps.ts';

class PowerCut extends Error {}
class Broken extends Error {}
const HOLD: Refusal = { phase: 'assign', element: 'x', category: 'paused', detail: '', retryable: true, hint: '' };
const ORDER = sampleJournal();

/** What happens next, wherever the robot is. `hears`: what the control plane decided reaches the robot. */
type Event = 'nothing' | 'cut' | 'holds' | 'grants' | 'hears' | 'line-down' | 'line-up';
interface Robot {
  /** Keeps with the journal what was heard. */
  readonly keepsTerms: boolean;
  readonly confirms: boolean;
}
const BOOK: Robot = { keepsTerms: true, confirms: true };

async function live(schedule: readonly Event[], confirm: boolean, robot: Robot): Promise<void> {
  const events = [...schedule];
  const server = { hold: true, line: true };
  let disk: Journal | undefined;
  let heardHold = true;
  let switched = false;

  /** One life of the agent, until it ends the update or the power is cut. */
  const life = async (): Promise<void> => {
    const orders = standingOrders();
    let hearing: boolean | undefined;
    const end = Promise.withResolvers<never>();
    /** Nothing of this life happens after its end. */
    const dies = (error: Error): Promise<never> => {
      end.reject(error);
      return new Promise(() => {});
    };
    const order = orders.of(ORDER.deployment);
    const happens = async (mayHear = true): Promise<void> => {
      const event = events.shift() ?? (server.line ? (server.hold ? 'grants' : 'hears') : 'line-up');
      if (event === 'cut') await dies(new PowerCut());
      if (event === 'holds' || event === 'grants') server.hold = event === 'holds';
      if (event === 'line-down' || event === 'line-up') server.line = event === 'line-up';
      if (event === 'hears' && server.line && mayHear) await hear();
    };
    const store: Pick<JournalStore, 'write' | 'clear'> & JournalStore = {
      read: async () => accept(disk),
      clear: async () => void (disk = undefined),
      write: async (journal) => {
        await happens(false);
        disk = structuredClone(journal);
        heardHold = hearing ?? heardHold;
        await happens(false);
      },
    };
    const journals = robot.keepsTerms ? journalWithTerms(store, (it) => orders.of(it).terms()) : store;
    const said = (): ComponentOrder => ({
      ...ORDER,
      target: { path: 'x', version: ORDER.candidate.version, sha256: ORDER.candidate.manifestSha256, length: 1 },
      ...(server.hold && { hold: HOLD }),
      ...(confirm && { confirm }),
    });
    const hear = async (): Promise<void> => {
      // What is durable was heard, also by a robot whose power was cut right after.
      hearing = server.hold;
      for (const changed of orders.hear([said()], new Set([ORDER.deployment]))) {
        if ('renew' in journals) await journals.renew(changed);
      }
      heardHold = hearing;
      hearing = undefined;
    };
    const deps = {
      permission: { ask: async () => ({ granted: true as const }) },
      safeState: alwaysSafe,
      confirmation: {
        ask: async () => {
          await happens();
          if (!server.line) return { ...refuse(HOLD), heard: false };
          await hear();
          return server.hold ? { ...refuse(HOLD), heard: true } : { ok: true as const, value: undefined, heard: true };
        },
      },
    };
    const switchOver: StepFunction = async ({ journal, signal }): Promise<StepResult> => {
      if (switched) return { ok: true };
      const asked = robot.confirms
        ? await askBeforeSwitch(journal, order, deps, signal)
        : await askBeforeSwitch(
            journal,
            { ...order, terms: () => ({ ...order.terms(), confirm: undefined as never }) },
            deps,
            signal,
          );
      if (!asked.granted) return { ok: false, refused: asked.reason, notNow: true };
      if (heardHold) return dies(new Broken('it switched under a hold that it had heard'));
      if (confirm && server.hold) {
        return dies(new Broken('it switched under a hold that it would have heard had it asked'));
      }
      switched = true;
      return { ok: true };
    };
    const plain: StepFunction = async () => {
      await happens();
      return { ok: true };
    };
    const steps = {
      ...(Object.fromEntries(STEPS.map((step: Step) => [step, plain])) as Steps),
      wait: wait({ ...deps, sleep: async () => happens() }),
      switch: switchOver,
    };
    if (disk?.terms) orders.recall(disk.deployment, disk.terms);
    // The first life begins with the order that was heard.
    if (!disk) await Promise.race([hear(), end.promise]);
    const never = new AbortController().signal;
    const run = runUpdate(
      disk ? resume(disk, 0) : begin(ORDER, undefined, 0),
      { store: journals, steps, clock: testClock(0), sleep: async () => happens(), random: () => 0 },
      {
        stop: never,
        cancel: never,
        order,
        watch: { progress: () => {}, waits: () => {} },
        onStep: () => {},
        onStepEnded: () => {},
        onStuck: async () => {},
      },
    );
    expect((await Promise.race([run, end.promise])).step).toBe('done');
  };

  for (;;) {
    try {
      await life();
      break;
    } catch (error) {
      if (!(error instanceof PowerCut)) throw error;
    }
  }
  // A step that is begun at most once may be what the cut met; else a robot that was granted its switch switches.
  if (!schedule.includes('cut')) expect(switched).toBe(true);
}

const kinds = fc.constantFrom<Event>(
  'nothing',
  'nothing',
  'cut',
  'holds',
  'grants',
  'hears',
  'hears',
  'line-down',
  'line-up',
);
/** Long enough to reach the wait, which is where most of it matters. */
const schedules = fc.array(kinds, { minLength: 10, maxLength: 60, size: 'max' });
const law = (robot: Robot) =>
  fc.asyncProperty(schedules, fc.boolean(), (events, confirm) => live(events, confirm, robot));

test('no schedule of power cuts, decisions and lost answers switches a robot under a hold', async () => {
  await fc.assert(law(BOOK), { numRuns: 2000 });
});

test.each([
  ['forgets over a power cut what it heard', { ...BOOK, keepsTerms: false }],
  ['does not ask once more', { ...BOOK, confirms: false }],
])('a robot that %s breaks the law', async (_what, robot) => {
  const broken = fc.assert(law(robot), { numRuns: 2000 });
  await expect(broken).rejects.toHaveProperty('cause.message', expect.stringContaining('it switched under a hold'));
});
