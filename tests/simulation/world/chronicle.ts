/** What happened, in order: hashed, so that two runs can be compared, and kept per robot, so that a failure can be told. */
import { createHash } from 'node:crypto';
import { type Instant, toTimestamp } from '@fairlead/shared/time';

/** Of each robot; older ones are forgotten, or 10 000 robots would fill the memory. */
const KEPT = 30;

export interface Chronicle {
  note(who: string, what: string): void;
  lastOf(who: string): readonly string[];
  /** Changes with every event, its order and its time. */
  hash(): string;
  count(): number;
}

export function createChronicle(now: () => Instant): Chronicle {
  const digest = createHash('sha256');
  const kept = new Map<string, string[]>();
  let count = 0;
  return {
    note(who, what) {
      const line = `${toTimestamp(now())} ${who} ${what}`;
      digest.update(`${line}\n`);
      count += 1;
      const lines = kept.get(who);
      if (!lines) kept.set(who, [line]);
      else if (lines.push(line) > KEPT) lines.shift();
    },
    lastOf: (who) => kept.get(who) ?? [],
    hash: () => digest.copy().digest('hex').slice(0, 16),
    count: () => count,
  };
}
