/** People change their own password. */
import type { operatorApi } from '@fairlead/shared/api/operator-api';
import type { Clock } from '@fairlead/shared/time';
import { allowances } from '../http/allowances.ts';
import type { Handlers } from '../http/handlers.ts';
import { problem } from '../http/problem.ts';
import type { Store } from '../store/store.ts';
import { tooOften, viewSession } from './log-in.ts';
import type { PasswordHasher } from './password-hasher.ts';
import type { Sessions } from './sessions.ts';
import { refuseWeakPassword } from './weak-password.ts';

export interface OwnPasswordDeps {
  readonly store: Store;
  readonly clock: Clock;
  readonly sessions: Sessions;
  readonly passwords: PasswordHasher;
  /** Called when a password has changed: one that the server made up need not be kept any more. */
  readonly onPasswordChange?: () => Promise<void>;
}
/** Of one session: who holds another one, or none, can't use it up. */
const ATTEMPTS = { burst: 10, perSecond: 1 / 60 };

export function ownPasswordHandlers(deps: OwnPasswordDeps): Handlers<Pick<typeof operatorApi, 'changeMyPassword'>> {
  const { store, clock, sessions, passwords } = deps;
  const attempts = allowances(clock, ATTEMPTS);
  return {
    async changeMyPassword({ caller, body, signal }) {
      refuseWeakPassword(body.newPassword, caller.name);
      if (body.newPassword === body.password) throw problem('refused', 'The new password is the present one.');
      const retryAfterSec = attempts.take(caller.credential.id);
      if (retryAfterSec > 0) throw tooOften(retryAfterSec);
      const before = await store.people.findById(caller.id);
      if (!before || !(await passwords.matches(body.password, before.passwordHash, { signal, isKnown: true })))
        throw wrongPassword();
      const passwordHash = await passwords.hash(body.newPassword, { signal, isKnown: true });
      const changed = await store.transaction(async ({ people, audit }) => {
        const user = await people.findById(caller.id);
        // Somebody else has changed it meanwhile, or the user is gone.
        if (user?.sessionGeneration !== before.sessionGeneration) throw wrongPassword();
        const next = {
          ...user,
          passwordHash,
          mustChangePassword: false,
          sessionGeneration: user.sessionGeneration + 1,
        };
        await people.replace(next);
        const detail = `${user.name} changed the own password.`;
        await audit.append({ at: clock.now(), by: caller.actor, action: 'user.password', element: user.name, detail });
        return next;
      });
      await deps.onPasswordChange?.();
      return viewSession(sessions, changed);
    },
  };
}

const wrongPassword = () => problem('refused', 'The present password is wrong.', { hint: 'Nothing was changed.' });
