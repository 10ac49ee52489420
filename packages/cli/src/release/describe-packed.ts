/** What is in a release and what was left out, in lines for its author: a surprise is found here and not on a robot. */
import type { ReleaseFile } from '@fairlead/shared/release/manifest';
import { sayBytes } from './say-bytes.ts';

const LARGEST = 5;
const NAMED = 10;

export function describePacked(files: readonly ReleaseFile[], leftOut: readonly string[]): string[] {
  const largest = files.toSorted((a, b) => b.size - a.size).slice(0, LARGEST);
  const more = leftOut.length > NAMED ? ` and ${leftOut.length - NAMED} more` : '';
  return [
    `largest: ${largest.map(({ path, size }) => `${path} (${sayBytes(size)})`).join(', ')}`,
    ...(leftOut.length > 0 ? [`left out, no robot needs it: ${leftOut.slice(0, NAMED).join(', ')}${more}`] : []),
  ];
}
