/** `--wait`: watches deployments until each has ended, and tells every change as it happens. */
import { setTimeout as pause } from 'node:timers/promises';
import type { Client } from '@fairlead/shared/api/client';
import type { operatorApi } from '@fairlead/shared/api/operator-api';
import type { DeploymentView } from '@fairlead/shared/fleet/deployment-view';
import { isTerminal } from '@fairlead/shared/fleet/states';
import { sayRelease } from '@fairlead/shared/ids';
import type { Output } from './output.ts';
import { toneOf } from './tones.ts';

export interface FollowDeps {
  readonly out: Pick<Output, 'line' | 'progress'>;
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

/** Resolves with the last view of each, in the order given. Rejects where the control plane goes away. */
export async function followDeployments(
  deps: FollowDeps,
  started: readonly DeploymentView[],
): Promise<DeploymentView[]> {
  let watched: Watched[] = started.map((view) => ({ view, since: performance.now() }));
  const bar = deps.out.progress('robots done', started.length);
  try {
    for (;;) {
      const open = watched.filter(({ view }) => !isTerminal(view.state)).length;
      bar.set(started.length - open);
      if (open === 0) return watched.map(({ view }) => view);
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
async function askWhy({ operator, out }: FollowDeps, { view, said }: Watched): Promise<Watched> {
  const { robot } = view;
  const { sentence, unblock, blocked } = await operator.explainRobot({ params: { robot } });
  if (blocked && sentence !== said) out.line(`${sentence} ${unblock ?? ''}`.trim(), 'warn');
  return { view, since: performance.now(), said: sentence };
}

function tell({ out }: FollowDeps, view: DeploymentView): void {
  const why = view.refusal ? `: ${view.refusal.detail} (${view.refusal.category})` : '';
  out.line(`${view.robot}: ${sayRelease(view)} ${view.state}${why}`, toneOf(view.state));
}
