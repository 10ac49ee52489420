/** A small signed file: at most its signed length, then its digest, before anybody reads it. */
import { hash } from 'node:crypto';
import { accept, type Result, refuse } from '@fairlead/shared/failure';
import { sha256Hex } from '@fairlead/shared/trust/digest';
import type { FetchBytes } from './fetch-bytes.ts';
import type { TrustRefusal, VerifiedTarget } from './trust-store.ts';

/** Refuses with too_long (over `maxBytes`), length, hash, or what the fetch itself refused. */
export async function fetchTarget(
  url: URL,
  target: VerifiedTarget,
  order: { readonly fetchBytes: FetchBytes; readonly maxBytes: number },
): Promise<Result<Uint8Array, TrustRefusal>> {
  const { length } = target;
  if (length > order.maxBytes) {
    const detail = `${target.name} is signed with ${length} bytes; at most ${order.maxBytes} are fetched`;
    return refuse({ code: 'too_long', detail, retryable: false });
  }
  const fetched = await order.fetchBytes(url, length);
  // Past the signed length nothing more is read (attack 3).
  if (!fetched.ok)
    return fetched.refused.code === 'too_long' ? refuse({ ...fetched.refused, code: 'length' }) : fetched;
  if (fetched.value.length !== length) {
    const detail = `${target.name} has ${fetched.value.length} bytes, ${length} are signed`;
    return refuse({ code: 'length', detail, retryable: true });
  }
  if (hasDigest(fetched.value, target)) return accept(fetched.value);
  return refuse({ code: 'hash', detail: `${target.name} is not the one that was signed`, retryable: true });
}

/** Whether the bytes are the signed ones. */
export const hasDigest = (bytes: Uint8Array, { sha256, otherDigest }: VerifiedTarget): boolean =>
  otherDigest ? hash(otherDigest.algorithm, bytes, 'hex') === otherDigest.hex : sha256Hex(bytes) === sha256;
