/**
 * A busy lease: a program on this robot says "not now", why, and for how long at most (DESIGN 7.8). Pure: how old a lease
 * is and how long it still holds, from what was written when it was granted.
 */
import { fromTimestamp, type Instant, SECOND, Timestamp, toTimestamp } from '@fairlead/shared/time';
import { type Static, Type } from 'typebox';

const closed = { additionalProperties: false };
export const LeaseOwner = Type.String({
  pattern: '^[A-Za-z0-9][A-Za-z0-9._@-]{0,62}$',
  description: 'letters, digits and . _ @ -, at most 63: the program that is busy',
});
export const LeaseReason = Type.String({
  pattern: '^[^\\x00-\\x1f\\x7f]{1,200}$',
  description: 'one line of 1 to 200 characters: what the robot is busy with',
});
export const LeaseSeconds = Type.Integer({ minimum: 1, maximum: 604_800, description: 'How long it holds from now.' });

/** As programs and people see it. */
export const Lease = Type.Object({
  owner: LeaseOwner,
  reason: LeaseReason,
  expiresAt: Timestamp,
  ageSec: Type.Integer({ minimum: 0, description: 'Since it was taken; extending makes it no younger.' }),
  remainingSec: Type.Integer({ minimum: 0 }),
});
export type Lease = Static<typeof Lease>;

/** As it lies on disk: what was left of it, and at which moment of which boot. */
export const KeptLease = Type.Object(
  {
    owner: LeaseOwner,
    reason: LeaseReason,
    ageSec: Type.Number({ minimum: 0 }),
    remainingSec: Type.Number({ minimum: 0 }),
    bootId: Type.String({ maxLength: 64 }),
    uptimeSec: Type.Number({ minimum: 0, description: 'The machine’s stopwatch, which no clock setting touches.' }),
    at: Timestamp,
    /** Somebody was told that it is old. */
    toldOld: Type.Optional(Type.Boolean()),
  },
  closed,
);
export type KeptLease = Static<typeof KeptLease>;
/** How many leases one robot holds at a time, in memory and on disk. */
export const MAX_LEASES = 1000;
export const LeaseFile = Type.Object(
  {
    schema: Type.Literal('fairlead.leases.v1'),
    leases: Type.Array(KeptLease, { maxItems: MAX_LEASES }),
    /** The file before this one could not be read, and no person has confirmed since that nobody is busy. */
    damagedSince: Type.Optional(Timestamp),
  },
  closed,
);
export type LeaseFile = Static<typeof LeaseFile>;

/** The moment, by both clocks. */
export interface Moment {
  readonly bootId: string;
  readonly uptimeSec: number;
  readonly now: Instant;
}

/**
 * The same lease as of `moment`. Within one boot only the stopwatch counts. Across a boot there is nothing but the
 * clock: one that jumped back makes no lease longer than what was left of it.
 */
export function leaseAt(lease: KeptLease, moment: Moment): KeptLease {
  const { bootId, uptimeSec, now } = moment;
  const passed = lease.bootId === bootId ? uptimeSec - lease.uptimeSec : (now - fromTimestamp(lease.at)) / SECOND;
  const elapsed = Math.max(0, passed);
  return {
    ...lease,
    ageSec: lease.ageSec + elapsed,
    remainingSec: Math.max(0, lease.remainingSec - elapsed),
    bootId,
    uptimeSec,
    at: toTimestamp(now),
  };
}

/** For people; `lease` is as of `now`. */
export const viewOf = ({ owner, reason, ageSec, remainingSec }: KeptLease, now: Instant): Lease => ({
  owner,
  reason,
  expiresAt: toTimestamp(Math.round(now + remainingSec * SECOND)),
  ageSec: Math.floor(ageSec),
  remainingSec: Math.ceil(remainingSec),
});
