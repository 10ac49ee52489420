/** Which agent this is. A test holds it to package.json; a build may be given another version. */
import type { Instant } from '@fairlead/shared/time';

/** Put in by the build (scripts/package/bundle-program.ts). */
declare const FAIRLEAD_VERSION: string | undefined;

export const AGENT_VERSION = typeof FAIRLEAD_VERSION === 'string' ? FAIRLEAD_VERSION : '0.1.0';
/** No robot that runs this agent lives before it: the first floor of its clock (TRUST 4.7). 2026-11-01. */
export const BUILT_AT: Instant = Date.UTC(2026, 10, 1);
