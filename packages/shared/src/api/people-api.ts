/** People and their scripts: sessions, users, API tokens. */
import { Type } from 'typebox';
import { Timestamp } from '../time.ts';
import { type Api, ROLES } from './route.ts';

const closed = { additionalProperties: false };
const RoleSchema = Type.Enum([...ROLES], {
  description: 'viewer reads, operator changes what robots run, admin manages people and trust.',
});
export const UserName = Type.String({
  pattern: '^[a-z0-9][a-z0-9._@-]{0,99}$',
  description: 'A user: lower-case letters, digits, dots, dashes, underscores and @, at most 100.',
});
const Password = Type.String({ minLength: 10, maxLength: 200 });
const UserView = Type.Object({ name: UserName, role: RoleSchema, createdAt: Timestamp });
const Done = Type.Object({});

export const peopleApi = {
  login: {
    method: 'POST',
    path: '/api/v1/login',
    access: 'public',
    tag: 'people',
    summary: 'Exchange name and password for a session token',
    body: Type.Object({ name: UserName, password: Type.String({ maxLength: 200 }) }, closed),
    reply: Type.Object({ token: Type.String(), expiresAt: Timestamp, name: UserName, role: RoleSchema }),
    callsPerMinute: 20,
    secretReply: true,
  },
  me: {
    method: 'GET',
    path: '/api/v1/me',
    access: 'viewer',
    tag: 'people',
    summary: 'Who am I?',
    reply: Type.Object({ name: Type.String(), role: RoleSchema, via: Type.Enum(['session', 'api-token']) }),
  },
  listUsers: {
    method: 'GET',
    path: '/api/v1/users',
    access: 'admin',
    tag: 'people',
    summary: 'All users',
    reply: Type.Object({ items: Type.Array(UserView) }),
  },
  createUser: {
    method: 'POST',
    path: '/api/v1/users',
    access: 'admin',
    tag: 'people',
    summary: 'Create a user',
    body: Type.Object({ name: UserName, password: Password, role: RoleSchema }, closed),
    reply: UserView,
    status: 201,
  },
  changeUser: {
    method: 'PATCH',
    path: '/api/v1/users/:name',
    access: 'admin',
    tag: 'people',
    summary: "Change a user's role or password; its sessions end",
    params: Type.Object({ name: UserName }, closed),
    body: Type.Object({ password: Type.Optional(Password), role: Type.Optional(RoleSchema) }, closed),
    reply: UserView,
  },
  deleteUser: {
    method: 'DELETE',
    path: '/api/v1/users/:name',
    access: 'admin',
    tag: 'people',
    summary: 'Delete a user with its tokens; never the last admin',
    params: Type.Object({ name: UserName }, closed),
    reply: Done,
  },
  listTokens: {
    method: 'GET',
    path: '/api/v1/tokens',
    access: 'viewer',
    tag: 'people',
    summary: 'My API tokens (all, for admins); never their secrets',
    reply: Type.Object({
      items: Type.Array(
        Type.Object({
          id: Type.String(),
          name: Type.String(),
          user: UserName,
          role: RoleSchema,
          createdAt: Timestamp,
          expiresAt: Type.Optional(Timestamp),
          lastUsedAt: Type.Optional(Timestamp),
        }),
      ),
    }),
  },
  createToken: {
    method: 'POST',
    path: '/api/v1/tokens',
    access: 'viewer',
    tag: 'people',
    summary: 'Create an API token for a script, with my role or a lower one',
    body: Type.Object(
      {
        name: Type.String({ minLength: 1, maxLength: 100 }),
        role: Type.Optional(RoleSchema),
        ttlDays: Type.Optional(Type.Integer({ minimum: 1, maximum: 3650 })),
      },
      closed,
    ),
    reply: Type.Object({ id: Type.String(), token: Type.String({ description: 'Shown once.' }) }),
    status: 201,
    secretReply: true,
  },
  deleteToken: {
    method: 'DELETE',
    path: '/api/v1/tokens/:id',
    access: 'viewer',
    tag: 'people',
    summary: 'Withdraw an API token (mine; any, for admins)',
    params: Type.Object({ id: Type.String({ maxLength: 60 }) }, closed),
    reply: Done,
  },
} as const satisfies Api;
