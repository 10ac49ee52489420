/** Answers programs that are busy, and takes what they know of the robot. */
import { type Client, ProblemError } from '@fairlead/shared/api/client';
import { PROBLEMS, type ProblemCode } from '@fairlead/shared/api/problem';
import type { AgentParts } from '../agent-parts.ts';
import type { Lease } from '../leases/lease.ts';
import type { situationApi } from './situation-api.ts';

export function situationHandlers({
  conditions,
  log,
}: Pick<AgentParts, 'conditions' | 'log'>): Client<typeof situationApi> {
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
      const lease = await leases.take(body);
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
  };
}

function problem(code: ProblemCode, detail: string, hint: string): ProblemError {
  const { status, title } = PROBLEMS[code];
  return new ProblemError({ type: 'about:blank', title, status, code, detail, hint });
}
