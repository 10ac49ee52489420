/** Secrets that are shown once: 256 random bits behind a prefix that says what they are (and that scanners find). */
import { randomBytes } from 'node:crypto';

const API_TOKEN = 'flt_';
const ENROLMENT_TOKEN = 'fle_';

export const newApiToken = (): string => API_TOKEN + randomBytes(32).toString('base64url');
export const newEnrolmentToken = (): string => ENROLMENT_TOKEN + randomBytes(32).toString('base64url');
/** A short public name for a token, for lists and for withdrawing it. */
export const newTokenId = (): string => randomBytes(8).toString('hex');
export const newUserId = (): string => randomBytes(8).toString('hex');

/** Session tokens are JWTs and never begin like this. */
export const isApiToken = (token: string): boolean => token.startsWith(API_TOKEN);
