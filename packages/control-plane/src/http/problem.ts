/** How a handler says no: `throw problem('conflict', 'what was wrong', { hint })`. serve-api turns it into RFC 9457. */
import { PROBLEMS, type Problem, type ProblemCode } from '@fairlead/shared/api/problem';
import type { Refusal } from '@fairlead/shared/failure';
import type { Mistake } from '@fairlead/shared/parse';

export interface ProblemOptions {
  /** What the caller does next. */
  readonly hint?: string;
  readonly mistakes?: readonly Mistake[];
  /** The structured reason, where the content itself was refused. */
  readonly refusal?: Refusal;
  /** For clock_skew. */
  readonly serverTime?: string;
  /** For offset_mismatch. */
  readonly offset?: number;
  /** Sent as Retry-After. */
  readonly retryAfterSec?: number;
  /** Logged, never sent. */
  readonly cause?: unknown;
}

/** An answer that is a problem document. Thrown by handlers, caught in one place. */
export class ProblemReply extends Error {
  override readonly name = 'ProblemReply';
  readonly code: ProblemCode;
  readonly options: ProblemOptions;
  constructor(code: ProblemCode, detail: string, options: ProblemOptions) {
    super(detail, { cause: options.cause });
    this.code = code;
    this.options = options;
  }

  get status(): number {
    return PROBLEMS[this.code].status;
  }

  document(requestId?: string): Problem {
    const { hint, mistakes, refusal, serverTime, offset } = this.options;
    return {
      type: 'about:blank',
      ...PROBLEMS[this.code],
      code: this.code,
      detail: this.message,
      ...(hint !== undefined && { hint }),
      ...(mistakes && { mistakes: [...mistakes] }),
      ...(refusal && { refusal }),
      ...(serverTime !== undefined && { serverTime }),
      ...(offset !== undefined && { offset }),
      ...(requestId !== undefined && { requestId }),
    };
  }
}

export const problem = (code: ProblemCode, detail: string, options: ProblemOptions = {}): ProblemReply =>
  new ProblemReply(code, detail, options);
