/** `--wait`: watches deployments until each has ended, and tells every change as it happens. */
import { setTimeout as pause } from 'node:timers/promises';
import type { Client } from '@fairlead/shared/api/client';
import type { operatorApi } from '@fairlead/shared/api/operator-api';
import type { DeploymentView } from '@fairlead/shared/fleet/deployment-view';
import type { Explanation } from '@fairlead/shared/fleet/explanation';
import { isTerminal } from '@fairlead/shared/fleet/states';
import { type RobotId, sayRelease } from '@fairlead/shared/ids';
import { noteOnInterrupt } from './note-on-interrupt.ts';
import type { Output } from './output.ts';
import { toneOf } from './tones.ts';

export interface FollowDeps {
  readonly out: Pick<Output, 'line' | 'progress' | 'warn'>;
  readonly operator: Pick<Client<typeof operatorApi>, 'showDeployment' | 'explainRobot'>;
  readonly pace?: {
    readonly pollMs: number;
    /** A robot that has not moved for so long is asked what it waits for. */
    readonly quietMs: number;
  };
}
const PACE = { pollMs: 500, quietMs: 3_000 };

interface Watched {
  readonly view: DeploymentView;
  /** When it last moved, or was last asked why it does not. */
  readonly since: number;
  /** The last explanation that was told: the same is not told twice. */
  readonly said?: string;
}

export interface Followed {
  /** The last view of each, in the order given. */
  readonly deployments: readonly DeploymentView[];
  /** Why the robots that have not ended wait; empty unless the time was over. */
  readonly waiting: readonly Explanation[];
}

/** Resolves when each has ended, and at the latest after `timeoutMs`. Rejects where the control plane goes away. */
export async function followDeployments(
  deps: FollowDeps,
  started: readonly DeploymentView[],
  timeoutMs = Number.POSITIVE_INFINITY,
): Promise<Followed> {
  const orders = 'Look: fairlead deployment list. Take an order back: fairlead deployment cancel ID.';
  const print = (): void => deps.out.warn(`The robots go on by themselves. ${orders}`);
  return await noteOnInterrupt(print, () => follow(deps, started, timeoutMs));
}

async function follow(deps: FollowDeps, started: readonly DeploymentView[], timeoutMs: number): Promise<Followed> {
  const end = performance.now() + timeoutMs;
  let watched: Watched[] = started.map((view) => ({ view, since: performance.now() }));
  const bar = deps.out.progress('robots done', started.length);
  try {
    for (;;) {
      const open = watched.filter(({ view }) => !isTerminal(view.state));
      bar.set(started.length - open.length);
      if (open.length === 0 || performance.now() >= end) {
        const waiting = await Promise.all(open.map(({ view: { robot } }) => explain(deps, robot)));
        return { deployments: watched.map(({ view }) => view), waiting };
      }
      await pause((deps.pace ?? PACE).pollMs);
      watched = await Promise.all(watched.map((one) => look(deps, one)));
    }
  } finally {
    bar.stop();
  }
}

async function look(deps: FollowDeps, before: Watched): Promise<Watched> {
  if (isTerminal(before.view.state)) return before;
  const { deployment } = before.view;
  const { deployment: view } = await deps.operator.showDeployment({ params: { deployment } });
  const now = performance.now();
  if (view.state !== before.view.state) {
    tell(deps, view);
    return { view, since: now };
  }
  return now - before.since < (deps.pace ?? PACE).quietMs ? { ...before, view } : await askWhy(deps, before);
}

/** Nobody should watch a robot for an hour that waits for its window, or for room on its disk. */
async function askWhy(deps: FollowDeps, { view, said }: Watched): Promise<Watched> {
  const { sentence, unblock, blocked } = await explain(deps, view.robot);
  if (blocked && sentence !== said) deps.out.line(`${sentence} ${unblock ?? ''}`.trim(), 'warn');
  return { view, since: performance.now(), said: sentence };
}

const explain = ({ operator }: FollowDeps, robot: RobotId): Promise<Explanation> =>
  operator.explainRobot({ params: { robot } });

function tell({ out }: FollowDeps, view: DeploymentView): void {
  const why = view.refusal ? `: ${view.refusal.detail} (${view.refusal.category})` : '';
  out.line(`${view.robot}: ${sayRelease(view)} ${view.state}${why}`, toneOf(view.state));
}
