/**
 * The director's signed answer to a check-in: what this robot should run, and what time it is (TRUST 4.7, 4.9).
 * It travels in a DSSE envelope. "Nothing" is signed too (`components: []`), so silence is never an order.
 */
import { type Static, Type } from 'typebox';
import { Refusal } from '../failure.ts';
import { CheckInPace } from '../fleet/settings.ts';
import { ComponentName, DeploymentId, EnvironmentName, RobotId, Sha256, Version } from '../ids.ts';
import { Timestamp } from '../time.ts';

const closed = { additionalProperties: false };
export const ASSIGNMENT_TYPE = 'application/vnd.fairlead.assignment.v1+json';

/** What a break-glass order may step over on the robot itself. Trust, tests and the parachute are never among them. */
export const SKIPPABLE = ['window', 'lease', 'precondition', 'safe-state'] as const;
export type Skippable = (typeof SKIPPABLE)[number];

const terms = {
  hold: Type.Optional({
    ...Refusal,
    description: 'It may be downloaded, staged and tested, but not be switched to, for this reason.',
  }),
  confirm: Type.Optional(
    Type.Literal(true, {
      description: 'Immediately before the switch the robot asks once more, and switches only where no hold stands.',
    }),
  ),
  override: Type.Optional(
    Type.Object(
      {
        by: Type.String({ maxLength: 100 }),
        reason: Type.String({ maxLength: 500 }),
        skips: Type.Array(Type.Enum([...SKIPPABLE]), { minItems: 1, uniqueItems: true }),
      },
      { ...closed, description: 'Break glass: the robot steps over these of its own conditions, and says so.' },
    ),
  ),
};
/** What an order says of the switch itself; it may change while the robot works on the order. */
export const OrderTerms = Type.Object(terms, closed);
export type OrderTerms = Static<typeof OrderTerms>;

export const ComponentOrder = Type.Object(
  {
    component: ComponentName,
    deployment: DeploymentId,
    target: Type.Object(
      { path: Type.String({ maxLength: 200 }), version: Version, sha256: Sha256, length: Type.Integer({ minimum: 1 }) },
      { ...closed, description: "The release's TUF target: name, manifest digest and length." },
    ),
    allowDowngrade: Type.Optional(
      Type.Object(
        { reason: Type.String({ maxLength: 500 }), by: Type.String({ maxLength: 100 }) },
        { ...closed, description: 'Permits a lower releaseCounter, never one below the signed floor.' },
      ),
    ),
    ...terms,
  },
  closed,
);
export type ComponentOrder = Static<typeof ComponentOrder>;

export const Assignment = Type.Object(
  {
    schema: Type.Literal('fairlead.assignment.v1'),
    robot: RobotId,
    environment: EnvironmentName,
    /** Rises with every change of what this robot should run: an old answer can't be replayed. */
    seq: Type.Integer({ minimum: 0 }),
    issuedAt: Timestamp,
    expiresAt: Timestamp,
    /** Echo of the robot's 16 random bytes (32 hex digits): binds answer, order and time to this question. */
    nonce: Type.String({ pattern: '^[0-9a-f]{32}$' }),
    components: Type.Array(ComponentOrder, { maxItems: 100 }),
    minTimestampVersion: Type.Integer({ minimum: 0 }),
    minSnapshotVersion: Type.Integer({ minimum: 0 }),
    /** Only for a robot that asked for it: agents of 1.0 refuse an assignment with a key that they do not know. */
    next: Type.Optional(CheckInPace),
  },
  closed,
);
export type Assignment = Static<typeof Assignment>;

/** DSSE v1 (secure-systems-lab/dsse), one signature by one key. */
export const Envelope = Type.Object(
  {
    payloadType: Type.String({ maxLength: 200 }),
    payload: Type.String({ maxLength: 1_400_000, description: 'Base64 of the exact signed bytes.' }),
    signatures: Type.Array(
      Type.Object(
        { keyid: Sha256, sig: Type.String({ maxLength: 100, description: 'Base64 Ed25519 signature of the PAE.' }) },
        closed,
      ),
      { minItems: 1, maxItems: 1 },
    ),
  },
  closed,
);
export type Envelope = Static<typeof Envelope>;
