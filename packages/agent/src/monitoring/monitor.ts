/**
 * Monitoring after the commit: the health checks of every committed release go on, and the restarts of its services are
 * counted, until the next update. The monitor reports; it never rolls back. What follows is decided by the policy of the
 * rollout, on the control plane (docs/decisions/0025-monitoring-after-the-commit.md).
 */
import { sayRefusal } from '@fairlead/shared/failure';
import type { ComponentState } from '@fairlead/shared/fleet/robot-facts';
import type { Health } from '@fairlead/shared/health/component-health';
import { type HealthChanged, healthReports, isAbout } from '@fairlead/shared/health/health-reports';
import type { ComponentName } from '@fairlead/shared/ids';
import { type Clock, MINUTE, toTimestamp } from '@fairlead/shared/time';
import { pauseUnless } from '../bell.ts';
import type { HealthReports } from '../outbox/outbox.ts';
import type { Committed } from '../releases/committed.ts';
import type { Layout } from '../releases/layout.ts';
import { listComponents, type ReleaseFolder } from '../releases/release-folder.ts';
import type { PlannedWork } from './planned-work.ts';
import { type CommittedRelease, readActiveMark, readCommittedRelease } from './read-committed-release.ts';
import { type ReleaseWatch, type WatchDeps, watchRelease } from './watch-release.ts';

export interface MonitorDeps extends WatchDeps {
  readonly layout: Layout;
  readonly folderOf: (component: ComponentName) => Promise<ReleaseFolder>;
  readonly work: Pick<PlannedWork, 'mark' | 'ended'>;
  readonly reports: HealthReports;
  readonly clock: Clock;
  /** The health of a component changed: the control plane should know at once. */
  readonly onChange: () => void;
  readonly log: (level: 'info' | 'warn' | 'error', message: string, facts?: object) => void;
}

export interface Monitor {
  /** Runs until `stop` aborts. Never rejects. */
  run(stop: AbortSignal): Promise<void>;
  /** The same states, each with the health of its active release where that is monitored. */
  withHealth(states: readonly ComponentState[]): ComponentState[];
}

/** How often the disk is read where no update ended: a release that could not be read is tried again. */
const LOOK_AGAIN_MS = 10 * MINUTE;

interface Watched {
  readonly release: CommittedRelease;
  /** Absent where the release declares nothing that could be checked. */
  readonly watch?: ReleaseWatch;
  /** When its present state began. */
  since: string;
}

export function createMonitor(deps: MonitorDeps): Monitor {
  const watched = new Map<ComponentName, Watched>();
  /** By this agent, since its start. */
  const lookedAt = new Set<ComponentName>();
  /** What this agent reported itself: also known where the disk has lost the queue of reports since. */
  const reported = new Map<ComponentName, HealthChanged>();

  const report = (release: CommittedRelease, health: Pick<Health, 'state' | 'refusal'>): void => {
    const { component } = release;
    const due = healthReports(release, health, deps.reports.lastHealth(component)?.event ?? reported.get(component));
    if (due.length === 0) return;
    deps.reports.appendAll(due);
    for (const each of due) if (each.event === 'health-changed') reported.set(component, each);
  };

  /** A defect here must not end the checks, and with them the agent. */
  const onChange = (release: CommittedRelease, health: Health): void => {
    try {
      handleChange(release, health);
    } catch (error) {
      deps.log('error', `the change of ${release.component} to ${health.state} was not reported`, {
        error: String(error),
      });
    }
  };
  const handleChange = (release: CommittedRelease, health: Health): void => {
    const now = watched.get(release.component);
    if (now?.release !== release) return;
    now.since = toTimestamp(deps.clock.now());
    report(release, health);
    const { component, active } = release;
    const why = health.refusal ? `: ${sayRefusal(health.refusal)}` : '';
    deps.log(health.state === 'degraded' ? 'warn' : 'info', `${component}@${active.version} is ${health.state}${why}`);
    deps.onChange();
  };

  const begin = (release: CommittedRelease, isStarting: boolean): void => {
    const now = toTimestamp(deps.clock.now());
    if (release.checks.length === 0) {
      // It shows no failure and never will, so the failure of the release before must not stay open.
      report(release, { state: 'healthy' });
      watched.set(release.component, { release, since: now });
      return;
    }
    const last = deps.reports.lastHealth(release.component);
    const isDegraded = last?.event.state === 'degraded' && isAbout(last.event, release);
    const degraded = isDegraded ? { refusal: last.event.refusal } : undefined;
    const watch = watchRelease(release, { degraded, isStarting }, (health) => onChange(release, health), deps);
    watched.set(release.component, { release, watch, since: isDegraded ? last.time : now });
  };

  /** Begins to watch what was committed since the last look, and stops to watch what is gone. */
  const look = async (component: ComponentName): Promise<void> => {
    // A release that is being switched, or proves itself in probation, is not monitored yet.
    const mark = deps.work.mark(component, []);
    if (mark === undefined) return;
    const folder = await deps.folderOf(component);
    const committed = await readActiveMark(folder);
    const before = watched.get(component);
    if (before && committed && isAlreadyWatched(before.release, committed)) return;
    const release = committed && (await readCommittedRelease(committed, folder));
    if (deps.work.mark(component, []) !== mark) return;
    before?.watch?.stop();
    watched.delete(component);
    // What was committed since the first look has passed its checks already.
    const isStarting = !lookedAt.has(component);
    lookedAt.add(component);
    if (release) begin(release, isStarting);
  };

  const attempt = (act: () => Promise<void>): Promise<void> =>
    act().catch((error: unknown) => {
      deps.log('error', 'a committed release could not be read, so it is not monitored', { error: String(error) });
    });
  const lookAtAll = async (): Promise<void> => {
    for (const component of await listComponents(deps.layout)) await attempt(() => look(component));
  };

  /** Before the first look after a start: a release that was reported as degraded is degraded. */
  const remembered = ({ component, active }: ComponentState): Pick<ComponentState, 'health'> => {
    const { time, event } = deps.reports.lastHealth(component) ?? {};
    if (time === undefined || event?.state !== 'degraded') return {};
    if (event.active?.manifestSha256 !== active?.manifestSha256) return {};
    return { health: { state: 'degraded', since: time, ...(event.refusal && { refusal: event.refusal }) } };
  };

  return {
    async run(stop) {
      while (!stop.aborted) {
        const ended = deps.work.ended();
        await attempt(lookAtAll);
        await pauseUnless(LOOK_AGAIN_MS, stop, ended);
      }
      for (const { watch } of watched.values()) watch?.stop();
      for (const { watch } of watched.values()) await watch?.ended;
    },
    withHealth: (states) =>
      states.map((state) => {
        const now = watched.get(state.component);
        if (!now) return { ...state, ...remembered(state) };
        if (!now.watch || state.active?.manifestSha256 !== now.release.active.manifestSha256) return state;
        const { state: condition, refusal } = now.watch.health();
        return { ...state, health: { state: condition, since: now.since, ...(refusal && { refusal }) } };
      }),
  };
}

const isAlreadyWatched = ({ active, deployment }: CommittedRelease, committed: Committed): boolean =>
  active.manifestSha256 === committed.active.manifestSha256 && deployment === committed.deployment;
