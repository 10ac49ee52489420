/** API tokens: what scripts authenticate with. Only a digest of the secret is kept. */
import type { operatorApi } from '@fairlead/shared/api/operator-api';
import { type Clock, DAY, toTimestamp } from '@fairlead/shared/time';
import { sha256Hex } from '@fairlead/shared/trust/digest';
import { isAtLeast } from '../http/authenticate.ts';
import type { PersonCaller } from '../http/caller.ts';
import type { Handlers } from '../http/handlers.ts';
import { problem } from '../http/problem.ts';
import type { ApiToken } from '../store/people.ts';
import type { Store } from '../store/store.ts';
import { newApiToken, newTokenId } from './api-token.ts';
import { notAfter } from './not-after.ts';

export interface ManageTokensDeps {
  readonly store: Store;
  readonly clock: Clock;
}
type TokenRoutes = Pick<typeof operatorApi, 'listTokens' | 'createToken' | 'deleteToken'>;

export function manageTokensHandlers({ store, clock }: ManageTokensDeps): Handlers<TokenRoutes> {
  const visibleTo = async (caller: PersonCaller): Promise<readonly OwnedToken[]> => {
    const names = new Map((await store.people.all()).map(({ id, name }) => [id, name]));
    const tokens = (await store.people.allTokens()).map((token) => ({ ...token, user: names.get(token.userId) ?? '' }));
    return tokens.filter(({ userId }) => caller.role === 'admin' || userId === caller.id);
  };

  return {
    listTokens: async ({ caller }) => ({ items: (await visibleTo(caller)).map(view) }),

    async createToken({ caller, body }) {
      const role = body.role ?? caller.role;
      if (!isAtLeast(caller.role, role)) {
        throw problem('forbidden', `A ${caller.role} cannot make a token that is ${role}.`);
      }
      const now = clock.now();
      const secret = newApiToken();
      const expiresAt = notAfter(
        caller,
        body.ttlDays === undefined ? Number.POSITIVE_INFINITY : now + body.ttlDays * DAY,
      );
      const token = {
        id: newTokenId(),
        userId: caller.id,
        name: body.name,
        role,
        createdAt: now,
        ...(Number.isFinite(expiresAt) && { expiresAt }),
        ...(caller.via === 'api-token' && { madeBy: caller.credential.id }),
      };
      const detail = `A token ${body.name} of ${caller.name} may do what a ${role} may.`;
      await store.transaction(async ({ people, audit }) => {
        await people.insertToken({ ...token, secretSha256: sha256Hex(secret) });
        await audit.append({ at: now, by: caller.actor, action: 'token.create', element: token.id, detail });
      });
      return { id: token.id, token: secret };
    },

    async deleteToken({ caller, params }) {
      // Somebody else's token is as absent as one that never was.
      const token = (await visibleTo(caller)).find(({ id }) => id === params.id);
      if (!token) throw problem('not_found', `You have no token ${params.id}.`, { hint: 'fairlead token list' });
      const detail = `The token ${token.name} of ${token.user} is gone, with every token that it made.`;
      await store.transaction(async ({ people, audit }) => {
        await people.removeToken(token.id);
        await audit.append({ at: clock.now(), by: caller.actor, action: 'token.delete', element: token.id, detail });
      });
      return {};
    },
  };
}

/** With the name of its owner. */
type OwnedToken = ApiToken & { readonly user: string };

const view = (token: OwnedToken) => ({
  id: token.id,
  name: token.name,
  user: token.user,
  role: token.role,
  createdAt: toTimestamp(token.createdAt),
  ...(token.expiresAt !== undefined && { expiresAt: toTimestamp(token.expiresAt) }),
  ...(token.lastUsedAt !== undefined && { lastUsedAt: toTimestamp(token.lastUsedAt) }),
});
