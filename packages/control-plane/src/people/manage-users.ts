/** Users: admins create, change and delete them, and cannot lock everybody out. */
import type { operatorApi } from '@fairlead/shared/api/operator-api';
import { type Clock, toTimestamp } from '@fairlead/shared/time';
import type { PersonCaller } from '../http/caller.ts';
import type { Handlers } from '../http/handlers.ts';
import { problem } from '../http/problem.ts';
import type { People, User } from '../store/people.ts';
import type { Store } from '../store/store.ts';
import { hashPassword, type PasswordCost } from './password.ts';

export interface ManageUsersDeps {
  readonly store: Store;
  readonly clock: Clock;
  readonly passwordCost?: PasswordCost;
}
type UserRoutes = Pick<typeof operatorApi, 'listUsers' | 'createUser' | 'changeUser' | 'deleteUser'>;

export function manageUsersHandlers({ store, clock, passwordCost }: ManageUsersDeps): Handlers<UserRoutes> {
  const said = (caller: PersonCaller, action: string, element: string, detail: string) => ({
    at: clock.now(),
    by: caller.name,
    action,
    element,
    detail,
  });
  return {
    listUsers: async () => ({ items: (await store.people.all()).map(view) }),

    async createUser({ body, caller }) {
      const passwordHash = await hashPassword(body.password, passwordCost);
      const user = { name: body.name, role: body.role, passwordHash, sessionGeneration: 1, createdAt: clock.now() };
      const inserted = await store.transaction(async ({ people, audit }) => {
        if (!(await people.insert(user))) return false;
        await audit.append(said(caller, 'user.create', user.name, `${user.name} may log in as ${user.role}.`));
        return true;
      });
      if (inserted) return view(user);
      throw problem('already_exists', `There is a user ${body.name} already.`, { hint: 'Choose another name.' });
    },

    async changeUser({ params, body, caller }) {
      // Before the transaction: hashing takes long, and everybody would wait for it.
      const newHash = body.password === undefined ? undefined : await hashPassword(body.password, passwordCost);
      return store.transaction(async ({ people, audit }) => {
        const user = await need(people, params.name);
        const changed: User = {
          ...user,
          role: body.role ?? user.role,
          passwordHash: newHash ?? user.passwordHash,
          sessionGeneration: user.sessionGeneration + 1,
        };
        if (changed.role !== 'admin') await refuseLastAdmin(people, user);
        await people.replace(changed);
        const detail = [
          ...(body.role === undefined ? [] : [`${user.name} was ${user.role} and is ${changed.role}.`]),
          ...(newHash === undefined ? [] : [`The password of ${user.name} is another one.`]),
        ].join(' ');
        await audit.append(said(caller, 'user.change', user.name, detail));
        return view(changed);
      });
    },

    deleteUser: ({ params, caller }) =>
      store.transaction(async ({ people, audit }) => {
        const user = await need(people, params.name);
        await refuseLastAdmin(people, user);
        await people.remove(user.name);
        await audit.append(said(caller, 'user.delete', user.name, `${user.name}, who was ${user.role}, is gone.`));
        return {};
      }),
  };
}

const view = (user: User) => ({ name: user.name, role: user.role, createdAt: toTimestamp(user.createdAt) });

async function need(people: People, name: string): Promise<User> {
  const user = await people.find(name);
  if (user) return user;
  throw problem('not_found', `There is no user ${name}.`, { hint: 'fairlead user list' });
}

async function refuseLastAdmin(people: People, user: User): Promise<void> {
  if (user.role !== 'admin') return;
  const admins = (await people.all()).filter(({ role }) => role === 'admin');
  if (admins.length > 1) return;
  throw problem('conflict', `${user.name} is the last admin.`, { hint: 'Make somebody else admin first.' });
}
