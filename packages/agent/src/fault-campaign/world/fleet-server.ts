/**
 * The control plane of a campaign, over real HTTP on this machine: a user's bench has none, and each run needs one
 * whose memory can be put back to the moment of the cut. It believes signatures only, like the real one.
 */
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { PROBLEM_TYPE } from '@fairlead/shared/api/problem';
import { signerFromSeed } from '@fairlead/shared/trust/ed25519';
import { verifyRequest } from '@fairlead/shared/trust/http-signature';
import { keyIdOf } from '@fairlead/shared/trust/verify-ed25519';
import { type Fleet, ROBOT } from './fleet.ts';
import type { FleetState } from './fleet-state.ts';
import {
  type Answer,
  answerCheckIn,
  answerEnrol,
  answerReports,
  type CheckIn,
  readCheckIn,
  refuseWith,
} from './robot-requests.ts';

export interface FleetServer {
  readonly url: string;
  state(): FleetState;
  /** Also for orders: the next check-in hears of them. */
  set(state: FleetState): void;
  /** The robot's last check-in since `set`. */
  lastCheckIn(): CheckIn | undefined;
  close(): Promise<void>;
}

interface Reply {
  readonly status: number;
  readonly type: string;
  readonly body: string | Uint8Array;
  readonly headers?: Readonly<Record<string, string>>;
}

/** `onChange` is awaited before the robot hears that something was taken. */
export async function startFleetServer(
  fleet: Fleet,
  initial: FleetState,
  onChange: (state: FleetState) => Promise<void> = async () => {},
): Promise<FleetServer> {
  let state = initial;
  let checkIn: CheckIn | undefined;
  const director = signerFromSeed(Buffer.from(fleet.directorSeed, 'hex'));
  const base = `/api/v1/robots/${ROBOT}`;

  const settle = async (answer: Answer): Promise<Reply> => {
    if (answer.state) {
      state = answer.state;
      await onChange(state);
    }
    if ('problem' in answer) {
      return { status: answer.problem.status, type: PROBLEM_TYPE, body: JSON.stringify(answer.problem) };
    }
    return { status: answer.status, type: 'application/json', body: JSON.stringify(answer.json) };
  };
  const answer = async (request: IncomingMessage, body: Buffer): Promise<Reply> => {
    const path = request.url ?? '/';
    if (path.startsWith('/tuf/')) {
      const text = fleet.documents[path.slice('/tuf/'.length)];
      if (text === undefined) return settle(refuseWith('not_found', `There is no ${path}.`));
      return { status: 200, type: 'application/octet-stream', body: text };
    }
    const json: unknown = body.length > 0 ? JSON.parse(body.toString('utf8')) : undefined;
    const claimed = path === '/api/v1/robots/enrol' ? publicKeyIn(json) : state.key?.publicKey;
    const refused = whyNot(request, body, claimed);
    if (refused !== undefined) return settle(refuseWith('bad_signature', refused));
    if (path === '/api/v1/robots/enrol') return settle(answerEnrol(state, json));
    if (path === `${base}/reports`) return settle(answerReports(state, json));
    if (path.startsWith('/blobs/')) return blob(fleet, path.slice('/blobs/'.length), request.headers.range);
    const question = path === `${base}/check-in` ? readCheckIn(json) : undefined;
    if (!question) return settle(refuseWith('bad_request', `The campaign does not know ${path}.`));
    const reply = answerCheckIn(state, question, fleet, director, Date.now());
    checkIn = question;
    return settle({ status: 200, json: reply });
  };

  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('error', () => undefined);
    request.on('end', () => {
      answer(request, Buffer.concat(chunks))
        .catch((error: unknown) => settle(refuseWith('internal', String(error))))
        .then(({ status, type, body, headers }) => {
          response.writeHead(status, { 'content-type': type, 'content-length': Buffer.byteLength(body), ...headers });
          response.end(body);
        })
        .catch(() => response.destroy());
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    state: () => state,
    set: (next) => {
      state = next;
      checkIn = undefined;
    },
    lastCheckIn: () => checkIn,
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}

/** Why the request is not the robot's; undefined where it is. */
function whyNot(request: IncomingMessage, body: Buffer, publicKey: string | undefined): string | undefined {
  const url = new URL(request.url ?? '/', 'http://robot');
  const headers = Object.fromEntries(
    Object.entries(request.headers).map(([name, value]) => [name, Array.isArray(value) ? value.join(', ') : value]),
  );
  const authority = request.headers.host ?? '';
  const { method = '' } = request;
  const verified = verifyRequest(
    { method, authority, path: url.pathname, query: url.search, headers, body },
    {
      publicKeyOf: (keyid) => (publicKey !== undefined && keyIdOf(publicKey) === keyid ? publicKey : undefined),
      now: Date.now(),
      authorities: [authority],
    },
  );
  return verified.ok ? undefined : verified.refused.detail;
}

const publicKeyIn = (json: unknown): string | undefined =>
  typeof json === 'object' && json !== null && 'publicKey' in json ? String(json.publicKey) : undefined;

/** Range is honoured, so that a download goes on where it was cut. */
function blob(fleet: Fleet, sha256: string, range: string | undefined): Reply {
  const bytes = Buffer.from(fleet.bundles[sha256] ?? '', 'base64');
  const type = 'application/octet-stream';
  const from = Number(/^bytes=([0-9]+)-$/.exec(range ?? '')?.[1] ?? 0);
  if (bytes.length === 0) return { status: 404, type, body: '' };
  const headers = { etag: `"${sha256}"`, 'accept-ranges': 'bytes' };
  if (from === 0) return { status: 200, type, body: bytes, headers };
  const last = bytes.length - 1;
  if (from > last) return { status: 416, type, body: '', headers: { 'content-range': `bytes */${bytes.length}` } };
  return {
    status: 206,
    type,
    body: bytes.subarray(from),
    headers: { ...headers, 'content-range': `bytes ${from}-${last}/${bytes.length}` },
  };
}
