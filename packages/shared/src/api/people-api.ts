/** People and their scripts: sessions, users, API tokens. */
import { Type } from 'typebox';
import { NO_CONTROL_CHARACTERS, textLine } from '../bounds.ts';
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
/** Of new ones. What else makes one too easy to guess is said with the refusal: people/weak-password.ts. */
const Password = Type.String({
  minLength: 10,
  maxLength: 200,
  pattern: NO_CONTROL_CHARACTERS,
  description: '10 to 200 characters without control characters; not the name, and not one character repeated.',
});
/** As somebody typed it: whatever it is, it is only compared. */
const GivenPassword = Type.String({ maxLength: 200 });
const UserView = Type.Object({ name: UserName, role: RoleSchema, createdAt: Timestamp });
const Done = Type.Object({});
const SessionReply = Type.Object({
  token: Type.String(),
  expiresAt: Timestamp,
  name: UserName,
  role: RoleSchema,
  mustChangePassword: Type.Optional(
    Type.Boolean({ description: 'True: until POST /api/v1/me/password the session may do nothing else but log out.' }),
  ),
});

export const peopleApi = {
  login: {
    method: 'POST',
    path: '/api/v1/login',
    access: 'public',
    tag: 'people',
    summary: 'Exchange name and password for a session token',
    body: Type.Object({ name: UserName, password: GivenPassword }, closed),
    reply: SessionReply,
    maxBodyBytes: 4096,
    secretReply: true,
  },
  logout: {
    method: 'POST',
    path: '/api/v1/logout',
    access: 'session',
    tag: 'people',
    summary: 'End this session: its token is worth nothing from now on',
    reply: Done,
  },
  changeMyPassword: {
    method: 'POST',
    path: '/api/v1/me/password',
    access: 'session',
    tag: 'people',
    summary: 'Change my own password; all my sessions end, and the reply holds a new one',
    body: Type.Object({ password: GivenPassword, newPassword: Password }, closed),
    reply: SessionReply,
    maxBodyBytes: 4096,
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
    summary: 'Create an API token for a script, with my role or a lower one; one made by a token goes with that one',
    body: Type.Object(
      {
        name: textLine(100, { minLength: 1 }),
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
    params: Type.Object({ id: textLine(60) }, closed),
    reply: Done,
  },
} as const satisfies Api;
