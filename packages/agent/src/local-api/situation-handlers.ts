/** Answers programs that are busy, and takes what they know of the robot. */
import { type Client, ProblemError } from '@fairlead/shared/api/client';
import { PROBLEMS, type ProblemCode } from '@fairlead/shared/api/problem';
import type { Refusal } from '@fairlead/shared/failure';
import type { ComponentName } from '@fairlead/shared/ids';
import type { AgentParts } from '../agent-parts.ts';
import { type Lease, MAX_LEASES } from '../leases/lease.ts';
import { DAMAGED_FILE_OWNER } from '../leases/lease-file.ts';
import type { situationApi } from './situation-api.ts';

export function situationHandlers({
  conditions,
  metrics,
  log,
}: Pick<AgentParts, 'conditions' | 'metrics' | 'log'>): Client<typeof situationApi> {
  const { leases, maxLeaseSec } = conditions;
  const checkTtl = (ttlSec: number): void => {
    if (ttlSec <= maxLeaseSec) return;
    const hint = 'Take a shorter one and extend it while you are busy, or raise `leases.maxSec` in agent.yaml.';
    throw problem('bad_request', `This robot grants leases of at most ${maxLeaseSec} s, and not of ${ttlSec} s.`, hint);
  };
  const held = (owner: string, lease: Lease | undefined): Lease => {
    if (lease) return lease;
    const hint = 'It expired or was released: take it again before you go on with what must not be disturbed.';
    throw problem('not_found', `${owner} holds no lease on this robot.`, hint);
  };
  return {
    listLeases: async () => ({ leases: [...leases.list()], maxSec: maxLeaseSec }),
    takeLease: async ({ body }) => {
      checkTtl(body.ttlSec);
      if (body.owner === DAMAGED_FILE_OWNER) throw problem('bad_request', `${body.owner} is reserved.`, RESERVED);
      const lease = await leases.take(body);
      if (!lease) throw problem('rate_limited', `This robot holds ${MAX_LEASES} leases, the most it can.`, FULL);
      log.info({ lease }, `${lease.owner} is busy: ${lease.reason}`);
      return lease;
    },
    extendLease: async ({ params, body }) => {
      checkTtl(body.ttlSec);
      return held(params.owner, await leases.extend(params.owner, body.ttlSec));
    },
    releaseLease: async ({ params }) => {
      const lease = held(params.owner, await leases.release(params.owner));
      log.info({ lease }, `${lease.owner} is busy no more`);
      return lease;
    },
    postFacts: async ({ body = {} } = {}) => {
      conditions.post(body);
      return conditions.facts();
    },
    postMetrics: async ({ body = {} } = {}) => {
      metrics.post(body);
      return metrics.fresh();
    },
  };
}

const RESERVED = 'Take the lease under the name of your program.';
const FULL = 'Release leases that are over (`fairlead-agent lease list`); one program needs one lease.';

/**
 * A person goes back by hand although somebody is busy: only with an override, which is told before anything stops.
 * Roll-backs that nobody asked for (a failed probation, a release that must never run) ask no lease.
 */
export function stepsOver(
  { conditions, alarms, log }: Pick<AgentParts, 'conditions' | 'alarms' | 'log'>,
  { component, by, override }: { readonly component: ComponentName; readonly by: string; readonly override?: true },
): Refusal | undefined {
  const [lease] = conditions.leases.list();
  if (!lease) return undefined;
  const busy: Refusal = {
    phase: 'roll-back',
    component,
    element: lease.owner,
    category: 'busy_lease',
    detail: `lease of ${lease.owner} until ${lease.expiresAt}: ${lease.reason}`,
    retryable: true,
    hint: `Wait for ${lease.owner}, or repeat it with --override, which is reported.`,
  };
  if (!override) return busy;
  const detail = `${by} goes back by hand and steps over the ${busy.detail}`;
  log.warn({ lease, by }, detail);
  const hint = `Ask ${by} why, and look whether ${lease.owner} came to harm.`;
  alarms.notify({ ...busy, category: 'lease_overridden', detail, hint });
  return undefined;
}

function problem(code: ProblemCode, detail: string, hint: string): ProblemError {
  const { status, title } = PROBLEMS[code];
  return new ProblemError({ type: 'about:blank', title, status, code, detail, hint });
}
