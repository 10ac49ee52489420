/** Users: admins create, change and delete them, and cannot lock everybody out. */
import type { operatorApi } from '@fairlead/shared/api/operator-api';
import type { Role } from '@fairlead/shared/api/route';
import { type Clock, toTimestamp } from '@fairlead/shared/time';
import type { PersonCaller } from '../http/caller.ts';
import type { Handlers } from '../http/handlers.ts';
import { problem } from '../http/problem.ts';
import type { People, User } from '../store/people.ts';
import type { Store } from '../store/store.ts';
import { newUserId } from './api-token.ts';
import type { PasswordHasher } from './password-hasher.ts';
import { refuseWeakPassword } from './weak-password.ts';

export interface ManageUsersDeps {
  readonly store: Store;
  readonly clock: Clock;
  readonly passwords: PasswordHasher;
  /** Called when a password has changed: one that the server made up need not be kept any more. */
  readonly onPasswordChange?: () => Promise<void>;
}
type UserRoutes = Pick<typeof operatorApi, 'listUsers' | 'createUser' | 'changeUser' | 'deleteUser'>;

export function manageUsersHandlers(deps: ManageUsersDeps): Handlers<UserRoutes> {
  const { store, clock, passwords } = deps;
  const said = (caller: PersonCaller, action: string, element: string, detail: string) => ({
    at: clock.now(),
    by: caller.actor,
    action,
    element,
    detail,
  });
  return {
    listUsers: async () => ({ items: (await store.people.all()).map(viewUser) }),

    async createUser({ body, caller, signal }) {
      refuseToToken(caller, body);
      refuseReservedName(body.name);
      refuseWeakPassword(body.password, body.name);
      const user = {
        id: newUserId(),
        name: body.name,
        role: body.role,
        passwordHash: await passwords.hash(body.password, { signal, isKnown: true }),
        sessionGeneration: 1,
        mustChangePassword: false,
        createdAt: clock.now(),
      };
      const inserted = await store.transaction(async ({ people, audit }) => {
        if (!(await people.insert(user))) return false;
        await audit.append(said(caller, 'user.create', user.name, `${user.name} may log in as ${user.role}.`));
        return true;
      });
      if (inserted) return viewUser(user);
      throw problem('already_exists', `There is a user ${body.name} already.`, { hint: 'Choose another name.' });
    },

    async changeUser({ params, body, caller, signal }) {
      refuseToToken(caller, body, body.password);
      if (body.password !== undefined) refuseWeakPassword(body.password, params.name);
      // Before the transaction: hashing takes long, and everybody would wait for it.
      const newHash =
        body.password === undefined ? undefined : await passwords.hash(body.password, { signal, isKnown: true });
      const view = await store.transaction(async ({ people, audit }) => {
        const user = await need(people, params.name);
        const changed: User = {
          ...user,
          role: body.role ?? user.role,
          passwordHash: newHash ?? user.passwordHash,
          mustChangePassword: newHash === undefined && user.mustChangePassword,
          sessionGeneration: user.sessionGeneration + 1,
        };
        if (changed.role !== 'admin') await refuseLastAdmin(people, user);
        await people.replace(changed);
        const detail = [
          ...(body.role === undefined ? [] : [`${user.name} was ${user.role} and is ${changed.role}.`]),
          ...(newHash === undefined ? [] : [`The password of ${user.name} is another one.`]),
        ].join(' ');
        await audit.append(said(caller, 'user.change', user.name, detail));
        return viewUser(changed);
      });
      if (newHash !== undefined) await deps.onPasswordChange?.();
      return view;
    },

    deleteUser: ({ params, caller }) =>
      store.transaction(async ({ people, audit }) => {
        const user = await need(people, params.name);
        await refuseLastAdmin(people, user);
        await people.remove(user.id);
        await audit.append(said(caller, 'user.delete', user.name, `${user.name}, who was ${user.role}, is gone.`));
        return {};
      }),
  };
}

const viewUser = (user: User) => ({ name: user.name, role: user.role, createdAt: toTimestamp(user.createdAt) });

/** What the control plane signs its own entries of history and audit log with. */
const RESERVED = new Set(['auto-deploy', 'control-plane', 'fairlead']);

function refuseReservedName(name: string): void {
  if (!RESERVED.has(name)) return;
  throw problem('refused', `${name} is how the control plane names itself.`, { hint: 'Choose another name.' });
}

/** Whoever stole an API token would stay, after it was withdrawn: as a new admin, or with the password of somebody else. */
function refuseToToken(caller: PersonCaller, { role }: { readonly role?: Role }, newPassword?: string): void {
  if (caller.via === 'session' || (role !== 'admin' && newPassword === undefined)) return;
  throw problem(
    'forbidden',
    `${caller.actor} is no session: an API token can neither make an admin nor set a password.`,
    {
      hint: 'Log in with name and password: fairlead login.',
    },
  );
}

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
