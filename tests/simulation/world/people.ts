/** Those who work with the control plane: over lines that break, they ask again with the same key until they are answered. */
import { newUserId } from '@fairlead/control-plane/people/api-token';
import { hashPassword } from '@fairlead/control-plane/people/password';
import { type CallOptions, type Client, createClient, ProblemError, type Transport } from '@fairlead/shared/api/client';
import { operatorApi } from '@fairlead/shared/api/operator-api';
import type { Role } from '@fairlead/shared/api/route';
import type { Agenda } from './agenda.ts';
import type { Chance } from './chance.ts';
import { untilAnswered } from './retry.ts';
import { PASSWORD_COST, SERVER_URL, type Server } from './server.ts';

const PASSWORD = 'correct horse battery';

export interface Person {
  readonly name: string;
  readonly token: string;
  /** Answers what the server said, a refusal by its code; asks until it says something. */
  try<T>(call: (api: Client<typeof operatorApi>, options: CallOptions) => Promise<T>): Promise<Answer<T>>;
  /** As `try`, where only yes will do. */
  must<T>(call: (api: Client<typeof operatorApi>, options: CallOptions) => Promise<T>): Promise<T>;
}
export type Answer<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly code: string };

export async function createPerson(order: {
  readonly name: string;
  readonly role: Role;
  readonly server: Server;
  readonly agenda: Agenda;
  readonly chance: Chance;
  readonly transport: Transport;
}): Promise<Person> {
  const { name, role, server, agenda, chance, transport } = order;
  const { store } = server.running();
  await store.people.insert({
    id: newUserId(),
    name,
    role,
    passwordHash: hashPassword(PASSWORD, PASSWORD_COST),
    sessionGeneration: 1,
    mustChangePassword: false,
    createdAt: agenda.now(),
  });
  const as = (token?: string) =>
    createClient(operatorApi, {
      baseUrl: SERVER_URL,
      transport,
      authorise: (): Record<string, string> => (token === undefined ? {} : { authorization: `Bearer ${token}` }),
    });
  // The line of this person loses requests from the first one on.
  const session = await untilAnswered(order, () => as().login({ body: { name, password: PASSWORD } }));
  const { token } = await untilAnswered(order, () => as(session.token).createToken({ body: { name: 'simulation' } }));
  const api = as(token);

  const ask: Person['try'] = async (call) => {
    const idempotencyKey = Buffer.from(chance.bytes(12)).toString('hex');
    try {
      return { ok: true, value: await untilAnswered(order, () => call(api, { idempotencyKey })) };
    } catch (error) {
      if (error instanceof ProblemError) return { ok: false, code: error.problem.code };
      throw error;
    }
  };
  return {
    name,
    token,
    try: ask,
    async must(call) {
      const answer = await ask(call);
      if (answer.ok) return answer.value;
      throw new Error(`${name} was told ${answer.code}`);
    },
  };
}
