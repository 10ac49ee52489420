/** Name and password for a session token, and the end of a session. */
import type { operatorApi } from '@fairlead/shared/api/operator-api';
import { type Clock, toTimestamp } from '@fairlead/shared/time';
import type { PersonCaller } from '../http/caller.ts';
import type { Handlers } from '../http/handlers.ts';
import { problem } from '../http/problem.ts';
import type { User } from '../store/people.ts';
import type { Store } from '../store/store.ts';
import type { LoginLimits } from './login-limits.ts';
import type { PasswordHasher } from './password-hasher.ts';
import type { Sessions } from './sessions.ts';

export interface LogInDeps {
  readonly store: Store;
  readonly clock: Clock;
  readonly sessions: Sessions;
  readonly passwords: PasswordHasher;
  readonly limits: LoginLimits;
}

export function logInHandlers(deps: LogInDeps): Handlers<Pick<typeof operatorApi, 'login' | 'logout' | 'me'>> {
  const { store, clock, sessions, passwords, limits } = deps;
  return {
    async login({ body, address, signal }) {
      const retryAfterSec = limits.take(body.name, address);
      if (retryAfterSec > 0) throw tooOften(retryAfterSec);
      const user = await store.people.find(body.name);
      // Compared where there is no such user, so that the time of the answer does not tell names.
      const fits = await passwords.matches(body.password, user?.passwordHash ?? passwords.unmatchable, {
        signal,
        isKnown: limits.isKnown(body.name, address),
      });
      if (!user || !fits) {
        limits.failed(body.name);
        throw problem('unauthenticated', 'The name or the password is wrong.', {
          hint: 'An admin can set a new password: fairlead user password NAME.',
        });
      }
      const failed = limits.succeeded(user.name, address);
      const before = failed === 0 ? '' : ` Before, ${failed} ${failed === 1 ? 'attempt' : 'attempts'} failed.`;
      await store.audit.append({
        at: clock.now(),
        by: user.name,
        action: 'session.login',
        element: user.name,
        detail: `${user.name} logged in as ${user.role} from ${address}.${before}`,
      });
      return viewSession(sessions, user);
    },

    async logout({ caller, address }) {
      await store.transaction(async ({ people, audit }) => {
        await people.endSession(caller.credential.id, caller.credential.expiresAt ?? clock.now());
        const detail = `${caller.name} logged out from ${address}.`;
        await audit.append({
          at: clock.now(),
          by: caller.actor,
          action: 'session.logout',
          element: caller.name,
          detail,
        });
      });
      return {};
    },

    me: async ({ caller }: { readonly caller: PersonCaller }) => ({
      name: caller.name,
      role: caller.role,
      via: caller.via,
    }),
  };
}

/** A new session of this user, as it is answered. */
export function viewSession(sessions: Sessions, user: User) {
  const { token, expiresAt } = sessions.issue(user);
  return {
    token,
    expiresAt: toTimestamp(expiresAt),
    name: user.name,
    role: user.role,
    ...(user.mustChangePassword && { mustChangePassword: true }),
  };
}

export const tooOften = (retryAfterSec: number) =>
  problem('rate_limited', 'Too many attempts with a password.', {
    retryAfterSec,
    hint: 'Wait, then try again. Sessions and API tokens work meanwhile.',
  });
