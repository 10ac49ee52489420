/** Doors for robots: the RFC 9421 signature of TRUST 4.10 over this very request, once. */
import { Sha256 } from '@fairlead/shared/ids';
import { parse } from '@fairlead/shared/parse';
import { type Clock, type Instant, MINUTE, toTimestamp } from '@fairlead/shared/time';
import { isSignedBody, verifyRequestAside } from '@fairlead/shared/trust/http-signature';
import { type EdKey, keyIdOf, openEdKey } from '@fairlead/shared/trust/verify-ed25519';
import { Type } from 'typebox';
import type { RobotKey } from '../store/robots.ts';
import type { Store } from '../store/store.ts';
import type { Doors, IncomingRequest } from './authenticate.ts';
import type { NobodyCaller, RobotCaller } from './caller.ts';
import { problem } from './problem.ts';
import { type RequestMemory, rememberRequests } from './remember-requests.ts';
import { type RequestLimit, requestLimit } from './request-limit.ts';

export interface RobotDoorDeps {
  readonly store: Store;
  readonly clock: Clock;
  /** host:port names under which robots reach this server; a signature for any other is refused (attack 68). */
  readonly authorities: () => readonly string[];
  /** Default: as every robot is limited. */
  readonly limit?: RequestLimit;
}

/** Longer than any signature stays valid (300 s either way). */
export const NONCE_MEMORY_MS = 10 * MINUTE;

const KEYID = /;keyid="([0-9a-f]{64})"/;
const NamesARobot = Type.Object({ robot: Type.String() });
const NamesAKey = Type.Object({ publicKey: Type.String() });

export function robotDoors(given: RobotDoorDeps): Pick<Doors, 'robot' | 'enrollingRobot'> {
  const deps = { ...given, requests: rememberRequests(given.store.requestNonces) };
  const limit = given.limit ?? requestLimit(given.clock);
  return {
    async robot(request, { waiting }): Promise<RobotCaller> {
      const keyid = claimedKey(request);
      const key = await deps.store.robots.findKey(keyid);
      // Blocked with its robot's decommissioning, or when another key took over the name (attack 74).
      const record = key && key.blockedAt === undefined ? await deps.store.robots.find(key.robot) : undefined;
      if (!key || !record) throw unknownKey();
      const { robot } = record;
      const { created, contentDigest } = await proveSignature(deps, request, { keyid, key: opened(key) }, () =>
        needRoom(limit.waitOf(robot)),
      );
      needRoom(limit.take(robot));
      if (!waiting && record.lifecycle !== 'accepted') throw notAccepted(record.robot, record.lifecycle);
      const named = parse(NamesARobot, request.params);
      if (named.ok && named.value.robot !== record.robot) throw anotherRobot(named.value.robot);
      return {
        kind: 'robot',
        robot: record.robot,
        keyid,
        lifecycle: record.lifecycle,
        signedAt: created,
        contentDigest,
      };
    },

    async enrollingRobot(request): Promise<NobodyCaller> {
      const body = parse(NamesAKey, request.body);
      const publicKey = body.ok ? body.value.publicKey : '';
      const key = openEdKey(publicKey);
      if (!key) {
        throw problem('bad_signature', 'publicKey is not an acceptable Ed25519 key.', {
          hint: 'Make a new robot key.',
        });
      }
      // Proof of possession: nobody enrols a key that another robot holds (attack 72).
      const { contentDigest } = await proveSignature(deps, request, { keyid: keyIdOf(publicKey), key });
      refuseOtherBody(contentDigest, request.rawBody);
      return { kind: 'nobody' };
    },
  };
}

/** Compared once the body was read: until then nobody but the robot can have made this request, whatever follows. */
export function refuseOtherBody(contentDigest: string, body: Uint8Array): void {
  if (isSignedBody(body, contentDigest)) return;
  throw problem('bad_signature', 'The body is not the one that was signed.', { hint: 'Sign each request anew.' });
}

/** Reading a key takes a third as long as verifying with it: done once per key record that the store hands out. */
const openedKeys = new WeakMap<RobotKey, EdKey>();
function opened(record: RobotKey): EdKey {
  const key = openedKeys.get(record) ?? openEdKey(record.publicKey);
  if (!key) throw unknownKey();
  openedKeys.set(record, key);
  return key;
}

/** Answers when the request was signed, and for which body. The body itself may not have been read. */
async function proveSignature(
  deps: RobotDoorDeps & { readonly requests: RequestMemory },
  request: IncomingRequest,
  { keyid, key }: { readonly keyid: Sha256; readonly key: EdKey },
  beforeRemembered = (): void => undefined,
): Promise<{ readonly created: Instant; readonly contentDigest: string }> {
  const now = deps.clock.now();
  const contentDigest = one(request.headers['content-digest']);
  const signed = {
    method: request.method,
    authority: one(request.headers['host']) ?? '',
    path: request.path,
    query: request.query,
    headers: {
      signature: one(request.headers['signature']),
      'signature-input': one(request.headers['signature-input']),
      'content-digest': contentDigest,
    },
  };
  const authorities = deps.authorities();
  const decided = deps.requests.expect();
  const verified = await verifyRequestAside(signed, { keyid, key, now, authorities }).finally(decided);
  if (!verified.ok) {
    const { code, detail } = verified.refused;
    if (code === 'clock_skew') throw problem(code, sentence(detail), { serverTime: toTimestamp(now) });
    throw problem(code, sentence(detail), {
      hint: `Robots sign method, authority, path, query and body; this server is called ${authorities.join(', ')}.`,
    });
  }
  beforeRemembered();
  const { nonce, created } = verified.value;
  // After the signature, so that nobody else can use up a robot's nonces.
  if (await deps.requests.remember({ keyid, nonce, created })) return { created, contentDigest: contentDigest ?? '' };
  throw problem('replay', 'A request with this nonce was accepted before.', { hint: 'Sign each request anew.' });
}

function claimedKey({ headers }: IncomingRequest): Sha256 {
  const keyid = parse(Sha256, KEYID.exec(one(headers['signature-input']) ?? '')?.[1]);
  if (keyid.ok) return keyid.value;
  throw problem('bad_signature', 'The request carries no signature of a robot.', {
    hint: 'Robots sign every request with their own key (RFC 9421).',
  });
}

/** Two signatures, or two labels, are not one signature (attack 67). */
const one = (header: string | string[] | undefined): string | undefined =>
  typeof header === 'string' ? header : undefined;

function needRoom(retryAfterSec: number): void {
  if (retryAfterSec === 0) return;
  throw problem('rate_limited', 'This robot asks more than it may.', { retryAfterSec, hint: 'Ask later.' });
}

const sentence = (text: string): string => `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;

const unknownKey = () =>
  problem('bad_signature', 'No robot of this fleet speaks with that key.', {
    hint: 'Enrol the robot; a decommissioned one needs a new key.',
  });
const notAccepted = (robot: string, lifecycle: string) =>
  problem('forbidden', `${robot} is ${lifecycle}.`, {
    hint: `An operator accepts it with: fairlead robot accept ${robot}`,
  });
const anotherRobot = (named: string) => problem('forbidden', `This key is not the key of ${named}.`);
