/**
 * A robot introduces itself with its key (TRUST 4.11). With a one-time token it joins at once; without, it
 * waits as pending until an operator has compared its fingerprint.
 */
import type { robotApi } from '@fairlead/shared/api/robot-api';
import type { RequestOf } from '@fairlead/shared/api/route';
import { Labels } from '@fairlead/shared/fleet/robot-facts';
import type { RobotId, Sha256 } from '@fairlead/shared/ids';
import { parseEntries } from '@fairlead/shared/parse';
import type { Clock, Instant } from '@fairlead/shared/time';
import { sha256Hex } from '@fairlead/shared/trust/digest';
import { keyIdOf } from '@fairlead/shared/trust/verify-ed25519';
import type { Handlers } from '../http/handlers.ts';
import { problem } from '../http/problem.ts';
import type { EnrolmentToken } from '../store/enrolment-tokens.ts';
import type { RobotRecord } from '../store/robots.ts';
import type { Slices, Store } from '../store/store.ts';
import type { PresenceRegistry } from './presence-registry.ts';

export interface EnrolDeps {
  readonly store: Store;
  readonly clock: Clock;
  readonly presence: PresenceRegistry;
  /** Digest of the newest published root, for the robot's log; undefined before trust is set up. */
  readonly rootSha256: () => Promise<Sha256 | undefined>;
  /** Belongs to the fleet from now on: it came with a token. */
  readonly onAccepted?: (robot: RobotId) => void;
}
/** Anybody may knock; whoever does so a million times must not fill the disk. */
export const MOST_PENDING = 1000;
type EnrolBody = RequestOf<(typeof robotApi)['enrol']>['body'];

export function enrolHandlers(deps: EnrolDeps): Handlers<Pick<typeof robotApi, 'enrol'>> {
  return {
    async enrol({ body }) {
      const record = await deps.store.transaction((slices) => enrol(slices, body, deps.clock.now()));
      deps.presence.learn(record.robot, { inventory: body.inventory });
      if (record.lifecycle === 'accepted') deps.onAccepted?.(record.robot);
      const rootSha256 = await deps.rootSha256();
      const { robot, lifecycle, environment } = record;
      return { robot, lifecycle, environment, ...(rootSha256 !== undefined && { rootSha256 }) };
    },
  };
}

async function enrol(slices: Slices, body: EnrolBody, now: Instant): Promise<RobotRecord> {
  const { robots } = slices;
  const keyid = keyIdOf(body.publicKey);
  const key = await robots.findKey(keyid);
  const existing = await robots.find(body.robot);
  if (key?.blockedAt !== undefined) throw problem('forbidden', 'This key is blocked for good.', { hint: NEW_KEY });
  if (key && key.robot !== body.robot) {
    throw problem('already_exists', `This key belongs to another robot, ${key.robot}.`, { hint: NEW_KEY });
  }
  // The same robot asks again, because an answer got lost or a token came later.
  const again = key !== undefined && existing?.keyid === keyid;
  if (again && (existing.lifecycle !== 'pending' || body.token === undefined)) return existing;

  const token = body.token === undefined ? undefined : await useToken(slices, body.token, body, now);
  if (existing && !again) {
    if (!mayBeReplaced(existing, token)) throw nameTaken(existing);
    await robots.blockKey(existing.keyid, now);
  }
  if (!token && !again && (await robots.count('pending')) >= MOST_PENDING) throw tooManyPending();
  const record = introduce(body, keyid, token, now);
  await robots.save(record);
  if (!key) await robots.insertKey({ keyid, robot: body.robot, publicKey: body.publicKey, addedAt: now });
  return record;
}

/** A name that only waits to be accepted gives way to a robot with a token: nobody squats names. */
const mayBeReplaced = (existing: RobotRecord, token: EnrolmentToken | undefined): boolean =>
  existing.lifecycle === 'decommissioned' ||
  existing.lifecycle === 'rejected' ||
  (existing.lifecycle === 'pending' && token !== undefined);

async function useToken(
  { enrolmentTokens }: Slices,
  secret: string,
  { robot, environment }: EnrolBody,
  now: Instant,
): Promise<EnrolmentToken> {
  // Looked up by digest: the time it takes says nothing about the secret (attack 71).
  const token = await enrolmentTokens.find(sha256Hex(secret));
  const fits =
    token?.environment === environment && (token.robot ?? robot) === robot && token.expiresAt > now ? token : undefined;
  if (!fits) {
    throw problem('unauthenticated', 'The enrolment token is not valid for this robot, or no longer.', {
      hint: `Make another: fairlead robot token --environment ${environment} --robot ${robot}`,
    });
  }
  if (await enrolmentTokens.use(fits.id, robot, now)) return fits;
  throw problem('conflict', 'The enrolment token was used before.', { hint: 'Each robot needs a token of its own.' });
}

function introduce(body: EnrolBody, keyid: Sha256, token: EnrolmentToken | undefined, now: Instant): RobotRecord {
  // What an operator wrote on the token counts more than what the robot says of itself.
  const group = token?.group ?? body.group;
  return {
    robot: body.robot,
    lifecycle: token ? 'accepted' : 'pending',
    environment: body.environment,
    ...(group !== undefined && { group }),
    // Those of the token come first, and keep their values: there is room for so many only.
    labels: parseEntries(Labels, { ...token?.labels, ...body.labels, ...token?.labels }),
    keyid,
    enrolledAt: now,
  };
}

const NEW_KEY = 'Make a new key on the robot: remove its identity folder and enrol again.';

const nameTaken = ({ robot, lifecycle }: RobotRecord) =>
  problem('already_exists', `There is a robot ${robot} (${lifecycle}) with another key.`, {
    hint: `If the old robot is gone: fairlead robot decommission ${robot}`,
  });

const tooManyPending = () =>
  problem('rate_limited', `${MOST_PENDING} robots wait to be accepted already.`, {
    hint: 'Reject those you do not know (fairlead robot list --pending), or enrol with a token.',
    retryAfterSec: 600,
  });
