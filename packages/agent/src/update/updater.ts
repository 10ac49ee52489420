/**
 * One robot's updates: at most one at a time, each to its end. Everybody else (the check-in loop, the local
 * socket, the command line) meets the update machine here.
 */
import { Failure, type Refusal, type Result, refuse } from '@fairlead/shared/failure';
import type { Activity, ComponentState } from '@fairlead/shared/fleet/robot-facts';
import type { ComponentName, DeploymentId, Sha256 } from '@fairlead/shared/ids';
import type { Manifest } from '@fairlead/shared/release/manifest';
import type { ComponentOrder } from '@fairlead/shared/trust/assignment';
import type { Journal } from '@fairlead/shared/update/journal';
import { begin, resume } from '@fairlead/shared/update/journey';
import { endedByHealthyRelease, endedByRecovery } from '../alarms/alarm-ends.ts';
import { collectingAlarms } from '../alarms/collecting-alarms.ts';
import type { Bell } from '../bell.ts';
import type { JournalStore } from '../journal/journal-store.ts';
import { journalWithTerms } from '../journal/journal-with-terms.ts';
import { type Pulse, STEP_MS } from '../lifeline/pulse.ts';
import { noteStep, type PlannedWork, plannedWork } from '../monitoring/planned-work.ts';
import { oneAtATime } from '../one-at-a-time.ts';
import type { VerifiedOrder } from '../poll/verified-order.ts';
import { type ActiveRelease, readActive, readState } from '../releases/component-state.ts';
import { layoutOf } from '../releases/layout.ts';
import { listComponents, openReleaseFolder } from '../releases/release-folder.ts';
import { sweepComponent } from '../releases/sweep.ts';
import { activityBoard, STATE_OF } from './activity.ts';
import { considerOrder } from './consider-order.ts';
import { damageBook } from './damage-book.ts';
import type { Forbids } from './forbids.ts';
import { healActives } from './heal-active.ts';
import { keepServicesUp, startForgotten } from './keep-services-up.ts';
import { makeSteps } from './make-steps.ts';
import { recordUpdate } from './record-update.ts';
import { refusalOf } from './refusal-of.ts';
import { type RollBackByHand, rollBackByHand } from './roll-back-by-hand.ts';
import { runUpdate } from './run-update.ts';
import { servicesOfAll } from './shared-services.ts';
import { standingOrders } from './standing-order.ts';
import type { StepDeps } from './step-deps.ts';
import { tidyUp } from './tidy-up.ts';
import { updateInProgress } from './update-in-progress.ts';
import { DEFAULTS, type Defaulted } from './updater-defaults.ts';

type Injected = Pick<
  StepDeps,
  | 'extractBundle'
  | 'measureTree'
  | 'runSmokeTests'
  | 'blobs'
  | 'services'
  | 'prober'
  | 'outbox'
  | 'alarms'
  | 'own'
  | 'permission'
  | 'confirmation'
  | 'clock'
>;
export interface UpdaterDeps extends Injected, Partial<Defaulted> {
  /** The agent's root folder. */
  readonly root: string;
  readonly journal: JournalStore;
  readonly pulse: Pick<Pulse, 'promise' | 'rest'>;
  /** What must never run, so that nobody goes back to it. */
  readonly forbids: Forbids;
  /** The robot became ready but for its order, or is so no longer: whoever asks for assignments asks at once. */
  readonly onReadiness?: () => void;
  /** Rung where something changed that the permission to switch hangs on: whoever waits asks again. */
  readonly permissionBell?: Bell;
  /** What this updater changes right now: monitoring pauses for it. */
  readonly work?: PlannedWork;
}

export interface Measured {
  readonly component: ComponentName;
  readonly version: string;
  readonly measured: Result<Manifest>;
}

export interface Updater {
  /** After a start of the agent: sweeps leftovers and finishes what a crash interrupted, which may take as long as an update. */
  recover(): Promise<void>;
  /** Runs one update to its end. An order that ended before, or is being worked on, is not begun again. */
  offer(order: VerifiedOrder): Promise<void>;
  /** A verified answer arrived. Resolves once what it says of the update under way is durable. */
  hear(orders: readonly ComponentOrder[]): Promise<void>;
  /** Whether a release that ended well here is wanted once more, because the disk has spoilt it since. */
  wantsAgain(component: ComponentName, manifestSha256: Sha256): boolean;
  /** Active releases that are no longer what was signed, as found at the start. */
  damages(): readonly Refusal[];
  activity(): Activity;
  /** Calls an update off, where it has not switched yet. Another deployment is none of its business. */
  requestCancel(deployment: DeploymentId): void;
  /** A person on the robot goes back to `previous`, without network. Refused while an update is in progress. */
  rollBackLocally(
    component: ComponentName,
    by: string,
    confirm?: Pick<RollBackByHand, 'confirmAbandoned'>,
  ): Promise<Result<void>>;
  components(): Promise<ComponentState[]>;
  /** What is active of this component, or that something is which nothing here can name. Rejects with the disk's errors. */
  active(component: ComponentName): Promise<ActiveRelease>;
  /** Services that active releases name. */
  services(): Promise<ReadonlySet<string>>;
  /** Measures what is active, byte by byte, against its signed manifest. */
  verifyActive(component?: ComponentName): Promise<readonly Measured[]>;
  /** Leaves a running update at the next good moment; `recover` of the next start goes on with it. */
  stop(): Promise<void>;
}

export function createUpdater(injected: UpdaterDeps): Updater {
  const layout = layoutOf(injected.root);
  const { pulse } = injected;
  const { sleep } = { ...DEFAULTS, ...injected };
  const work = injected.work ?? plannedWork();
  const deps: StepDeps & Pick<UpdaterDeps, 'journal' | 'forbids'> = {
    ...DEFAULTS,
    ...injected,
    services: work.through(injected.services),
    layout,
    // Whatever waits (a window, a probation, a server that is away) does so on purpose, and says for how long.
    sleep: (ms, signal) => {
      pulse.promise('update', ms + STEP_MS);
      return sleep(ms, signal);
    },
    folderOf: (component) => openReleaseFolder(layout, component, injected.measureTree),
  };
  const steps = makeSteps(deps);
  const board = activityBoard(injected.onReadiness);
  const orders = standingOrders(injected.permissionBell);
  const journals = journalWithTerms(injected.journal, (deployment) => orders.of(deployment).terms());
  const stop = new AbortController();
  /** Of every update that was offered and has not ended: it can be called off before its first step too. */
  const cancels = new Map<DeploymentId, AbortController>();
  const inTurn = oneAtATime();
  let waiting = 0;
  const damages = damageBook(deps.elapsed);
  const alone = <T>(act: () => Promise<T>): Promise<T> => {
    waiting += 1;
    // However it ended, monitoring goes on.
    return inTurn(() => act().finally(work.end)).finally(() => (waiting -= 1));
  };

  const cancelOf = (deployment: DeploymentId): AbortController => {
    const cancel = cancels.get(deployment) ?? new AbortController();
    cancels.set(deployment, cancel);
    return cancel;
  };

  const run = async (journal: Journal): Promise<void> => {
    const cancel = cancelOf(journal.deployment);
    const record = recordUpdate(journal, deps);
    try {
      const ended = await runUpdate(
        journal,
        { ...deps, store: journals, steps },
        {
          stop: stop.signal,
          cancel: cancel.signal,
          order: orders.of(journal.deployment),
          onStuck: () => keepServicesUp(journal.component, deps),
          watch: {
            waits: (reason, ready) => {
              record.onWaiting(reason);
              board.waits(reason, ready);
            },
            progress: (fraction) => {
              pulse.promise('update', STEP_MS);
              board.progress(fraction);
            },
          },
          onStepEnded: record.onStepEnded,
          onStep: (now) => {
            record.onStep(now);
            pulse.promise('update', STEP_MS);
            board.begin(now);
            const { deployment, component, step, refusal } = now;
            noteStep(now, work);
            if (STATE_OF[step] === 'reporting') return;
            deps.outbox.append({
              event: 'update-state',
              deployment,
              component,
              state: STATE_OF[step],
              ...(refusal && { refusal }),
            });
          },
        },
      );
      if (ended.step !== 'done') return;
      if (ended.outcome === 'succeeded') damages.mended(journal.component);
      // After a roll-back that had nothing to complain about, the release before is whole and passes its checks.
      if (ended.outcome === 'succeeded' || ended.outcome === 'rolled-back')
        deps.alarms.resolveWhere(endedByHealthyRelease(journal.component));
      await journals.clear();
      await sweepComponent(layout.component(journal.component));
    } finally {
      board.idle();
      pulse.rest('update');
    }
  };

  /** Only manifests were damaged, and they were brought again. */
  const onWhole = async (component: ComponentName): Promise<void> => {
    damages.mended(component);
    deps.alarms.resolveWhere((open) => open.component === component && open.category === 'active_damaged');
    await startForgotten(component, deps);
  };

  return {
    recover: () =>
      alone(async () => {
        // A new agent that can't read its predecessor's journal leaves it to the one that can (DESIGN 7.16).
        const leave = await deps.own.isOnTrial();
        const found = await deps.journal.read({ leave }).catch(unreadable);
        if (!found.ok && leave) throw new Failure(found.refused);
        const troubles: Refusal[] = [];
        const checking = { ...deps, alarms: collectingAlarms(troubles, deps.alarms) };
        if (!found.ok) checking.alarms.raise(found.refused);
        const journal = found.ok ? found.value : undefined;
        if (journal?.terms) orders.recall(journal.deployment, journal.terms);
        await tidyUp(journal, checking);
        // What was interrupted stays under change until it has ended; nothing else waits for it to be monitored again.
        if (journal) work.end();
        if (journal) noteStep(journal, work);
        if (journal) await run(resume(journal, deps.clock.now())).finally(() => cancels.delete(journal.deployment));
        for (const damage of await healActives(checking)) damages.note(damage);
        deps.alarms.settle(endedByRecovery(journal?.component), troubles);
        if (!journal) await deps.own.restartIfStale();
      }),
    offer: (order) => {
      cancelOf(order.deployment);
      return alone(async () => {
        if (stop.signal.aborted) return;
        const again = damages.wants(order.component, order.candidate.manifestSha256);
        if (again) damages.begin(order.component);
        const current = await considerOrder(order, again, deps);
        if (current.isWhole) await onWhole(order.component);
        if (current.go) await run(begin(order, current.current, deps.clock.now()));
      }).finally(() => cancels.delete(order.deployment));
    },
    hear: async (heard) => {
      for (const deployment of orders.hear(heard, new Set(cancels.keys()))) await journals.renew(deployment);
    },
    wantsAgain: damages.wants,
    damages: damages.troubles,
    activity: () => board.activity(),
    requestCancel: (deployment) => {
      cancels.get(deployment)?.abort(new Error('cancelled'));
    },
    rollBackLocally: async (component, by, confirm) => {
      if (waiting > 0) return refuse(updateInProgress(component));
      return alone(async () => {
        work.begin(component);
        const rolledBack = await rollBackByHand({ component, by, ...confirm, stop: stop.signal }, deps).catch(
          (error: unknown) => refuse(refusalOf(error, 'roll-back', component)),
        );
        await deps.own.restartIfStale();
        return rolledBack;
      });
    },
    components: async () => {
      const states: ComponentState[] = [];
      for (const component of await listComponents(layout)) {
        // A folder that the disk has spoilt must not keep the robot from saying what else it runs.
        states.push(await deps.folderOf(component).then(readState, () => ({ component })));
      }
      return states;
    },
    active: async (component) => {
      if (!(await listComponents(layout)).includes(component)) return undefined;
      return readActive(await deps.folderOf(component));
    },
    services: () => servicesOfAll(deps),
    verifyActive: async (only) => {
      const measured: Measured[] = [];
      for (const component of await listComponents(layout)) {
        const folder = await deps.folderOf(component);
        const active = only === undefined || only === component ? await folder.slot('active') : undefined;
        if (active)
          measured.push({ component, version: active.version, measured: await folder.measure(active, 'verify') });
      }
      return measured;
    },
    stop: async () => {
      stop.abort(new Error('the agent stops'));
      await inTurn(async () => undefined);
    },
  };
}

/** A disk that can't be read is told, and what needs no journal goes on. */
const unreadable = (error: unknown) => refuse({ ...refusalOf(error, 'report'), element: 'journal.json' });
