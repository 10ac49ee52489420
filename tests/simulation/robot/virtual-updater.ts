/** One virtual robot's updates, over the agent's own driver: what is begun is in the journal before it acts. */
import { createBell } from '@fairlead/agent/bell';
import { journalWithTerms } from '@fairlead/agent/journal/journal-with-terms';
import type { ReportEvent, Spool } from '@fairlead/agent/outbox/outbox';
import type { VerifiedOrder } from '@fairlead/agent/poll/verified-order';
import { activityBoard, STATE_OF } from '@fairlead/agent/update/activity';
import { runUpdate } from '@fairlead/agent/update/run-update';
import { standingOrders } from '@fairlead/agent/update/standing-order';
import type { Steps } from '@fairlead/agent/update/steps';
import type { Updater } from '@fairlead/agent/update/updater';
import { accept } from '@fairlead/shared/failure';
import type { DeploymentId } from '@fairlead/shared/ids';
import type { Clock } from '@fairlead/shared/time';
import type { InstalledRelease, Journal } from '@fairlead/shared/update/journal';
import { begin, resume } from '@fairlead/shared/update/journey';
import type { Disk } from './disk.ts';

type Offered = Pick<Updater, 'offer' | 'hear' | 'activity' | 'requestCancel' | 'wantsAgain'>;
export interface VirtualUpdater extends Offered {
  /** Something changed that the permission to switch hangs on. */
  reconsider(): void;
  /** Goes on with what the power cut interrupted. */
  recover(): Promise<void>;
}
export interface VirtualUpdaterDeps {
  readonly disk: Disk;
  readonly clock: Clock;
  readonly random: () => number;
  readonly outbox: Spool;
  readonly steps: Steps;
  readonly onStep: (journal: Journal) => void;
  /** It became ready but for its order, or is so no longer. */
  readonly onReadiness: () => void;
  readonly sleep: (ms: number, signal?: AbortSignal) => Promise<void>;
}

export function virtualUpdater(deps: VirtualUpdaterDeps): VirtualUpdater {
  const { disk, clock, outbox } = deps;
  const board = activityBoard(deps.onReadiness);
  const permissionBell = createBell();
  const orders = standingOrders(permissionBell);
  const cancels = new Map<DeploymentId, AbortController>();
  const stop = new AbortController();
  const journals = journalWithTerms(
    {
      write: async (written) => {
        disk.journal = written;
      },
      read: async () => accept(disk.journal),
      clear: async () => {
        delete disk.journal;
      },
    },
    (deployment) => orders.of(deployment).terms(),
  );

  const run = async (journal: Journal): Promise<void> => {
    const cancel = cancels.get(journal.deployment) ?? new AbortController();
    cancels.set(journal.deployment, cancel);
    await runUpdate(
      journal,
      {
        store: journals,
        steps: deps.steps,
        clock,
        sleep: deps.sleep,
        random: deps.random,
      },
      {
        stop: stop.signal,
        cancel: cancel.signal,
        order: orders.of(journal.deployment),
        onStuck: async () => {},
        watch: { waits: board.waits, progress: board.progress },
        onStepEnded: () => {},
        onStep: (now) => {
          board.begin(now);
          deps.onStep(now);
          const { deployment, component, step, refusal } = now;
          if (STATE_OF[step] === 'reporting') return;
          const state = STATE_OF[step];
          outbox.append({ event: 'update-state', deployment, component, state, ...(refusal && { refusal }) });
        },
      },
    );
    cancels.delete(journal.deployment);
    await journals.clear();
    board.idle();
  };

  return {
    activity: () => board.activity(),
    wantsAgain: () => false,
    requestCancel: (deployment) => cancels.get(deployment)?.abort(new Error('cancelled')),
    reconsider: permissionBell.ring,
    async hear(heard) {
      for (const deployment of orders.hear(heard, new Set(cancels.keys()))) await journals.renew(deployment);
    },
    async recover() {
      const { journal } = disk;
      if (journal?.terms) orders.recall(journal.deployment, journal.terms);
      if (journal) await run(resume(journal, clock.now()));
    },
    async offer(order) {
      const { deployment, component, candidate } = order;
      if (disk.active?.manifestSha256 === candidate.manifestSha256) {
        outbox.append({ event: 'update-ended', deployment, component, outcome: 'skipped', ...slots(disk) });
        return;
      }
      await run(
        begin({ deployment, component, candidate: installed(order) }, disk.committed && disk.active, clock.now()),
      );
    },
  };
}

const installed = ({ component, candidate }: VerifiedOrder): InstalledRelease => ({
  component,
  version: candidate.version,
  manifestSha256: candidate.manifestSha256,
  releaseCounter: candidate.releaseCounter,
});

export type Slots = Pick<Extract<ReportEvent, { event: 'update-ended' }>, 'active' | 'previous'>;

/** What runs, and what it would go back to, as reports and check-ins say it. */
export function slots({ active, previous }: Disk): Slots {
  const said = ({ version, manifestSha256, releaseCounter }: InstalledRelease) => ({
    version,
    manifestSha256,
    ...(releaseCounter !== undefined && { releaseCounter }),
  });
  return { ...(active && { active: said(active) }), ...(previous && { previous: said(previous) }) };
}
