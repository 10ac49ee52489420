/** One-time tokens for robots (TRUST 4.11): shown once, kept as a digest, bound to environment and name. */
import type { operatorApi } from '@fairlead/shared/api/operator-api';
import { type Clock, SECOND, toTimestamp } from '@fairlead/shared/time';
import { sha256Hex } from '@fairlead/shared/trust/digest';
import type { Handlers } from '../http/handlers.ts';
import { problem } from '../http/problem.ts';
import { newEnrolmentToken, newTokenId } from '../people/api-token.ts';
import { notAfter } from '../people/not-after.ts';
import { refuseLabelClash } from '../rules/refuse-label-clash.ts';
import type { EnrolmentToken } from '../store/enrolment-tokens.ts';
import type { Store } from '../store/store.ts';

export interface EnrolmentTokenDeps {
  readonly store: Store;
  readonly clock: Clock;
}
const DEFAULT_TTL_SEC = 3600;

type EnrolmentTokenRoutes = Pick<
  typeof operatorApi,
  'listEnrolmentTokens' | 'createEnrolmentToken' | 'deleteEnrolmentToken'
>;

export function enrolmentTokenHandlers({ store, clock }: EnrolmentTokenDeps): Handlers<EnrolmentTokenRoutes> {
  return {
    listEnrolmentTokens: async () => ({ items: (await store.enrolmentTokens.usable(clock.now())).map(view) }),

    async createEnrolmentToken({ caller, body }) {
      const { ttlSec = DEFAULT_TTL_SEC, ...boundTo } = body;
      await refuseLabelClash(store, body);
      const now = clock.now();
      const secret = newEnrolmentToken();
      const token = {
        ...boundTo,
        id: newTokenId(),
        secretSha256: sha256Hex(secret),
        createdBy: caller.name,
        userId: caller.id,
        ...(caller.via === 'api-token' && { apiToken: caller.credential.id }),
        createdAt: now,
        expiresAt: notAfter(caller, now + ttlSec * SECOND),
      };
      const detail = `${body.robot ?? 'Any robot'} may join ${body.environment} with a token, once.`;
      await store.transaction(async ({ enrolmentTokens, audit }) => {
        await enrolmentTokens.insert(token);
        await audit.append({ at: now, by: caller.actor, action: 'enrolment-token.create', element: token.id, detail });
      });
      return { id: token.id, token: secret, expiresAt: toTimestamp(token.expiresAt) };
    },

    async deleteEnrolmentToken({ params, caller }) {
      const removed = await store.transaction(async ({ enrolmentTokens, audit }) => {
        if (!(await enrolmentTokens.remove(params.id))) return false;
        const detail = 'An enrolment token was withdrawn.';
        const action = 'enrolment-token.delete';
        await audit.append({ at: clock.now(), by: caller.actor, action, element: params.id, detail });
        return true;
      });
      if (removed) return {};
      throw problem('not_found', `There is no enrolment token ${params.id}.`, {
        hint: 'GET /api/v1/enrolment-tokens lists them.',
      });
    },
  };
}

const view = (token: EnrolmentToken) => ({
  id: token.id,
  ...(token.robot !== undefined && { robot: token.robot }),
  environment: token.environment,
  createdBy: token.createdBy,
  expiresAt: toTimestamp(token.expiresAt),
});
