/** Which agent this is. A test holds `AGENT_VERSION` to package.json. */
import type { Instant } from '@fairlead/shared/time';

export const AGENT_VERSION = '0.1.0';
/** No robot that runs this agent lives before it: the first floor of its clock (TRUST 4.7). 2026-11-01. */
export const BUILT_AT: Instant = Date.UTC(2026, 10, 1);
