/**
 * The audit log: who did what, when and why, each entry bound to the one before by its digest. Whoever changes or
 * removes an entry must rewrite all after it, and the digest that somebody noted elsewhere tells.
 */
import { type Static, Type } from 'typebox';
import { accept, type Result, refuse } from '../failure.ts';
import type { Sha256 } from '../ids.ts';
import { jcs } from '../release/jcs.ts';
import { type Instant, toTimestamp } from '../time.ts';
import { sha256Hex } from '../trust/digest.ts';

const closed = { additionalProperties: false };
const Digest = Type.Unsafe<Sha256>(Type.String({ description: 'SHA-256, hex.' }));

/** Texts are not checked for their form: an entry that somebody damaged must still reach the people who look for it. */
export const AuditEntry = Type.Object(
  {
    seq: Type.Integer({ minimum: 1, description: 'From 1, without a gap.' }),
    at: Type.String({ description: 'RFC 3339, UTC.' }),
    by: Type.String({
      description: 'The person, robot or program that did it; for an API token: PERSON (token ID NAME).',
    }),
    action: Type.String({ description: 'What was done: rollout.start, window.save, robot.accept …' }),
    element: Type.String({ description: 'To what: a rollout, a robot, a group …' }),
    detail: Type.String({ description: 'In one sentence, with its figures.' }),
    reason: Type.Optional(Type.String({ description: 'As the person gave it.' })),
    loud: Type.Boolean({ description: 'Shown to every operator until acknowledged: break glass, overrides.' }),
    prevSha256: Digest,
    sha256: Digest,
  },
  closed,
);
export type AuditEntry = Static<typeof AuditEntry>;

/** What the caller knows; place and digests are the chain's. */
export interface AuditFact {
  readonly at: Instant;
  readonly by: string;
  readonly action: string;
  readonly element: string;
  readonly detail: string;
  readonly reason?: string;
  readonly loud?: boolean;
}
/** Between the person and the API token; no name of a person holds a blank. */
export const TOKEN_MARK = ' (token ';

/** How `by` names an API token of a person. The id is its own; names of tokens are not unique. */
export const actorOfToken = (person: string, token: { readonly id: string; readonly name: string }): string =>
  `${person}${TOKEN_MARK}${token.id} ${token.name})`;

/** The last entry of a chain. */
export type AuditHead = Pick<AuditEntry, 'seq' | 'sha256'>;

/** Before the first entry. */
export const AUDIT_START: AuditHead = { seq: 0, sha256: '0'.repeat(64) as Sha256 };

/** The entry that follows `head`. Texts are cut to what an entry holds: a fact is never lost for its length. */
export function nextAuditEntry(head: AuditHead, fact: AuditFact): AuditEntry {
  const entry = {
    seq: head.seq + 1,
    at: toTimestamp(fact.at),
    by: cut(fact.by, 260),
    action: fact.action,
    element: cut(fact.element, 300),
    detail: cut(fact.detail, 2000),
    ...(fact.reason !== undefined && { reason: cut(fact.reason, 500) }),
    loud: fact.loud ?? false,
    prevSha256: head.sha256,
  };
  return { ...entry, sha256: digestOf(entry) };
}

const digestOf = (entry: Omit<AuditEntry, 'sha256'>): Sha256 => sha256Hex(jcs(entry));

function cut(text: string, length: number): string {
  const whole = text.toWellFormed();
  return whole.length <= length ? whole : `${whole.slice(0, length - 2).toWellFormed()} …`;
}

export interface BrokenChain {
  readonly seq: number;
  readonly detail: string;
}

/** The chain's new head where `entries` follow `head` unbroken; else the first place where they do not. */
export function verifyAuditChain(head: AuditHead, entries: readonly AuditEntry[]): Result<AuditHead, BrokenChain> {
  let at = head;
  for (const { sha256, ...entry } of entries) {
    const seq = at.seq + 1;
    if (entry.seq !== seq) return refuse({ seq, detail: `Entry ${seq} is missing; ${entry.seq} follows ${at.seq}.` });
    if (entry.prevSha256 !== at.sha256) {
      return refuse({ seq, detail: `Entry ${seq} does not follow the entry before it.` });
    }
    if (sha256 !== digestOf(entry)) return refuse({ seq, detail: `Entry ${seq} was changed after it was written.` });
    at = { seq, sha256 };
  }
  return accept(at);
}
