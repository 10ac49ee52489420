/** Serves the local API with node:http alone: a web framework would double the memory of an idle agent. */
import { chmod, rm } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { connect } from 'node:net';
import { type Client, ProblemError } from '@fairlead/shared/api/client';
import { PROBLEM_TYPE, PROBLEMS, type Problem, type ProblemCode } from '@fairlead/shared/api/problem';
import { Failure } from '@fairlead/shared/failure';
import { parse } from '@fairlead/shared/parse';
import { findRoute } from './find-route.ts';
import { localApi } from './local-api.ts';

/** The same shape as the client that calls it: what one sends, the other gets. */
export type LocalHandlers = Client<typeof localApi>;

const MOST_BODY = 64 * 1024;
/** So much of a body that is too large is read, so that its sender gets an answer. */
const MOST_DISCARDED = 4 * 1024 * 1024;

/** Listens on the socket (mode 0660). A socket that a dead agent left is replaced; a living agent's is not. */
export async function serveLocalApi(
  socket: string,
  handlers: LocalHandlers,
  onError: (error: unknown) => void,
): Promise<Server> {
  if (await isAnswered(socket)) throw new Failure(alreadyRunning(socket));
  await rm(socket, { force: true });
  const server = createServer((request, response) => {
    answer(request, handlers)
      .then(
        (reply) => send(response, reply.status, reply.body, 'application/json'),
        (error: unknown) => sendProblem(response, 'internal', error instanceof Error ? error.message : String(error)),
      )
      .catch((error: unknown) => {
        onError(error);
        response.destroy();
      });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(socket, resolve);
  });
  // While it listens: no descriptor is left for another connection, for example.
  server.removeAllListeners('error').on('error', onError);
  await chmod(socket, 0o660);
  return server;
}

interface Reply {
  readonly status: number;
  readonly body: unknown;
}

async function answer(request: IncomingMessage, handlers: LocalHandlers): Promise<Reply> {
  const { method = 'GET', url = '/' } = request;
  const path = url.replace(/\?.*$/, '');
  const found = findRoute(localApi, method, path);
  if (!found) return problem('not_found', `There is no ${method} ${path}.`);
  const { name, route } = found;
  const params = route.params && parse(route.params, found.params);
  const bytes = route.body ? await readBody(request) : undefined;
  if (route.body && !bytes) return problem('too_large', `A body may have ${MOST_BODY} bytes.`);
  const body = bytes && route.body && route.body !== 'bytes' ? parse(route.body, parseJson(bytes)) : undefined;
  const mistakes = [params, body].flatMap((parsed) => (parsed && !parsed.ok ? parsed.refused : []));
  if (mistakes.length > 0) {
    return problem('bad_request', mistakes.map(({ at, message }) => `${at} ${message}`.trim()).join('; '));
  }
  // What the route's own schemas have checked is what its handler takes.
  const handle = handlers[name as keyof LocalHandlers] as (input: unknown) => Promise<unknown>;
  try {
    return ok(await handle({ ...(params?.ok && { params: params.value }), ...(body?.ok && { body: body.value }) }));
  } catch (error) {
    if (error instanceof ProblemError) return { status: error.problem.status, body: error.problem };
    throw error;
  }
}

/** Undefined where it is too large. */
async function readBody(request: AsyncIterable<Uint8Array>): Promise<Buffer | undefined> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  // The rest is read and thrown away: a connection closed with unread bytes would take the answer with it.
  for await (const chunk of request) {
    size += chunk.length;
    if (size <= MOST_BODY) chunks.push(chunk);
    if (size > MOST_DISCARDED) break;
  }
  return size > MOST_BODY ? undefined : Buffer.concat(chunks);
}

function parseJson(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString('utf8'));
  } catch {
    return undefined;
  }
}

const ok = (body: unknown): Reply => ({ status: 200, body });

function problem(code: ProblemCode, detail: string): Reply {
  const { status, title } = PROBLEMS[code];
  const body: Problem = { type: 'about:blank', title, status, code, detail };
  return { status, body };
}

function sendProblem(response: ServerResponse, code: ProblemCode, detail: string): void {
  const { status, body } = problem(code, detail);
  send(response, status, body, PROBLEM_TYPE);
}

function send(response: ServerResponse, status: number, body: unknown, type: string): void {
  const isProblem = status >= 400;
  response.writeHead(status, { 'content-type': isProblem ? PROBLEM_TYPE : type }).end(JSON.stringify(body));
}

const isAnswered = (socket: string): Promise<boolean> =>
  new Promise((resolve) => {
    const probe = connect(socket);
    probe.once('connect', () => {
      probe.destroy();
      resolve(true);
    });
    probe.once('error', () => resolve(false));
  });

const alreadyRunning = (socket: string) =>
  ({
    phase: 'check-in',
    element: socket,
    category: 'already_running',
    detail: 'Another agent answers on this socket; two agents on one root folder would undo each other’s work.',
    retryable: false,
    hint: 'Stop the other agent first, or give this one another `root` and `socket` in agent.yaml.',
  }) as const;
