import { createHash } from 'node:crypto';
import type { GoldenCase } from '@fairlead/shared/release/golden';
import { collectAfter } from './collect-garbage.ts';

/** The same for the same tensors in any order; one tensor is text at a time, because a case may hold a camera's frames. */
export function digestOf(golden: GoldenCase, side: 'inputs' | 'outputs'): string {
  const hash = createHash('sha256');
  const tensors = golden[side];
  for (const name of Object.keys(tensors).toSorted()) hash.update(JSON.stringify([name, tensors[name]]));
  collectAfter(golden);
  return hash.digest('hex');
}
