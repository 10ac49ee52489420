/** What an API token makes ends with it. */
import type { Instant } from '@fairlead/shared/time';
import type { PersonCaller } from '../http/caller.ts';

/** `wanted`, but no later than the end of the caller's own API token. What a session makes outlives it. */
export const notAfter = ({ via, credential }: PersonCaller, wanted: Instant): Instant =>
  via === 'api-token' ? Math.min(wanted, credential.expiresAt ?? wanted) : wanted;
