/** Name and password for a session token. */
import type { operatorApi } from '@fairlead/shared/api/operator-api';
import { toTimestamp } from '@fairlead/shared/time';
import type { Handlers } from '../http/handlers.ts';
import { problem } from '../http/problem.ts';
import type { Store } from '../store/store.ts';
import { hashPassword, isPassword, type PasswordCost } from './password.ts';
import type { Sessions } from './sessions.ts';

export interface LogInDeps {
  readonly store: Store;
  readonly sessions: Sessions;
  readonly passwordCost?: PasswordCost;
}

export async function logInHandlers(deps: LogInDeps): Promise<Handlers<Pick<typeof operatorApi, 'login' | 'me'>>> {
  // Compared where there is no such user, so that the time of the answer does not tell names.
  const nobodysHash = await hashPassword('nobody has this password', deps.passwordCost);
  return {
    async login({ body }) {
      const user = await deps.store.people.find(body.name);
      const fits = await isPassword(body.password, user?.passwordHash ?? nobodysHash);
      if (!user || !fits) {
        throw problem('unauthenticated', 'The name or the password is wrong.', {
          hint: 'An admin can set a new password: fairlead user password NAME.',
        });
      }
      const { token, expiresAt } = deps.sessions.issue(user);
      return { token, expiresAt: toTimestamp(expiresAt), name: user.name, role: user.role };
    },

    me: async ({ caller }) => ({ name: caller.name, role: caller.role, via: caller.via }),
  };
}
