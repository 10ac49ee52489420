/** Slice: answers to POSTs with an Idempotency-Key, replayed for 24 hours. */
import type { Sha256 } from '@fairlead/shared/ids';
import type { Instant } from '@fairlead/shared/time';

export interface IdempotentRequest {
  /** The id of a person. */
  readonly person: string;
  readonly key: string;
  /** Of method, path and body: the same key with another request is a mistake of the caller. */
  readonly requestSha256: Sha256;
}
export interface IdempotentReply {
  readonly status: number;
  readonly body: string;
}
export type Claim =
  | { readonly state: 'new' }
  | { readonly state: 'running' }
  | { readonly state: 'other-request' }
  | { readonly state: 'answered'; readonly reply: IdempotentReply };

export interface IdempotentReplies {
  /** Says 'new' to exactly one caller, who then answers or releases. */
  claim(request: IdempotentRequest, at: Instant): Promise<Claim>;
  answer(request: IdempotentRequest, reply: IdempotentReply): Promise<void>;
  /** The request failed: the same key may be tried again. */
  release(request: IdempotentRequest): Promise<void>;
  forgetBefore(instant: Instant): Promise<void>;
}
