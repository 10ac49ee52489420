/** What everything that signs by itself is given. */

import { Sha256 } from '@fairlead/shared/ids';
import { parse } from '@fairlead/shared/parse';
import type { Clock } from '@fairlead/shared/time';
import type { OnlineKeys } from './online-keys.ts';

export interface OnlineSigning {
  readonly keys: OnlineKeys;
  readonly clock: Clock;
}

/** The public halves, 64 hex digits each: what a publisher puts into the root and the director's target. */
export function publicKeys({ snapshot, timestamp, director }: OnlineKeys): Record<keyof OnlineKeys, Sha256> {
  return { snapshot: hex(snapshot.publicKey), timestamp: hex(timestamp.publicKey), director: hex(director.publicKey) };
}

function hex(publicKey: string): Sha256 {
  const parsed = parse(Sha256, publicKey);
  if (!parsed.ok) throw new TypeError('a public key has 64 hex digits');
  return parsed.value;
}
