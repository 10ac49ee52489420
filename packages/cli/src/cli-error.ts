/**
 * What a command says when it cannot go on: what, where, what next, and an exit code a script can branch on.
 * No stack trace reaches a user.
 */
import { ProblemError, Unreachable } from '@fairlead/shared/api/client';
import type { Problem, ProblemCode } from '@fairlead/shared/api/problem';
import { Failure, type Refusal } from '@fairlead/shared/failure';
import { describeFileError, systemCode } from '@fairlead/toolkit/file-error';

/** Documented in docs and `fairlead --help`; they only grow. */
export const EXIT = { ok: 0, failed: 1, usage: 2, refused: 3, unreachable: 4, notLoggedIn: 5, waiting: 6 } as const;
export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

export interface CliErrorOptions {
  /** The file, key, robot or address concerned. */
  readonly where?: string;
  /** What a person does next. */
  readonly hint?: string;
  readonly exitCode?: ExitCode;
  readonly refusal?: Refusal;
  readonly problem?: Problem;
  /** One line each, where several things are wrong at once. */
  readonly mistakes?: readonly string[];
}

/** Thrown by commands; main.ts shows it. `exitCode` is EXIT.failed where not given. */
export class CliError extends Error {
  override readonly name = 'CliError';
  readonly options: CliErrorOptions;
  constructor(message: string, options: CliErrorOptions = {}) {
    super(message);
    this.options = options;
  }
}

/** A refusal as an error of the command line: exit code 3. */
export const refusedError = (refusal: Refusal): CliError =>
  new CliError(`${refusal.phase}: ${refusal.detail} (${refusal.category})`, {
    where: refusal.element,
    hint: refusal.hint,
    exitCode: EXIT.refused,
    refusal,
  });

const EXIT_OF_PROBLEM: Partial<Record<ProblemCode, ExitCode>> = {
  unauthenticated: EXIT.notLoggedIn,
  forbidden: EXIT.refused,
  must_change_password: EXIT.refused,
  refused: EXIT.refused,
  conflict: EXIT.refused,
  version_conflict: EXIT.refused,
  already_exists: EXIT.refused,
  precondition_failed: EXIT.refused,
  bad_request: EXIT.usage,
  unavailable: EXIT.unreachable,
};

/** Turns whatever a command threw into what a person can use. `server` is the address that was asked. */
export function toCliError(error: unknown, server: string): CliError {
  if (error instanceof CliError) return error;
  if (error instanceof ProblemError) return fromProblem(error.problem, server);
  if (error instanceof Unreachable) return fromUnreachable(error, server);
  if (error instanceof Failure) {
    return new CliError(error.refusal.detail, {
      where: error.refusal.element,
      hint: error.refusal.hint,
      refusal: error.refusal,
    });
  }
  if (isSystemError(error)) return fromSystem(error);
  return new CliError(error instanceof Error ? error.message : String(error), {
    hint: 'This is a defect of fairlead. Please report it with the command you gave.',
  });
}

function fromSystem(error: SystemError): CliError {
  const { path } = error;
  const message = path === undefined ? error.message : `A file or folder cannot be used: ${describeFileError(error)}.`;
  return new CliError(message, {
    ...(path !== undefined && { where: path }),
    ...(path !== undefined && { hint: 'Check the path, and what this user may do there.' }),
  });
}

function fromProblem(problem: Problem, server: string): CliError {
  // What the detail says already is not said twice.
  const news = (problem.mistakes ?? []).filter(({ message }) => !problem.detail?.includes(message));
  const mistakes = news.map(({ at, message }) => `${at || '/'}: ${message}`).join('; ');
  const code = problem.code as ProblemCode;
  // The API's own hint speaks of headers: right for programs, no help for a person at a terminal.
  const hint =
    code === 'unauthenticated' ? `Log in: fairlead login --server ${server}` : (problem.hint ?? problem.refusal?.hint);
  const where = problem.refusal?.element ?? server;
  return new CliError([problem.detail || problem.title, mistakes].filter(Boolean).join(' '), {
    where,
    ...(hint === undefined ? {} : { hint }),
    exitCode: EXIT_OF_PROBLEM[code] ?? (isGateway(problem) ? EXIT.unreachable : EXIT.failed),
    ...(problem.refusal === undefined ? {} : { refusal: problem.refusal }),
    problem,
  });
}

/** A proxy answered, because the control plane did not. */
const isGateway = ({ code, status }: Problem): boolean =>
  code === 'unexpected_answer' && status >= 502 && status <= 504;

const NEXT_WHEN_UNREACHABLE: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'Nothing listens there. Is the control plane running (fairlead server), and is the port right?',
  ENOTFOUND: 'No such host. Check the address: fairlead login --server URL',
  EAI_AGAIN: 'The name could not be resolved. Is there a network, and is DNS working?',
  ECONNRESET: 'The connection was cut. Is something else listening on that port, or a proxy in between?',
  EPROTO: 'That port does not speak TLS as it should. Is the address http:// and not https://?',
  ERR_SSL_WRONG_VERSION_NUMBER: 'That port does not speak TLS. Is the address http:// and not https://?',
  UND_ERR_SOCKET: 'The connection was closed without an answer. Is the address https:// and not http://?',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'Its certificate is signed by itself: NODE_EXTRA_CA_CERTS=FILE names one to trust.',
  SELF_SIGNED_CERT_IN_CHAIN:
    'Its certificate is from an unknown authority: NODE_EXTRA_CA_CERTS=FILE names one to trust.',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    'Its certificate is from an unknown authority: NODE_EXTRA_CA_CERTS=FILE names one to trust.',
  CERT_HAS_EXPIRED: 'Its certificate has expired: renew it, or check the clock of this machine.',
  ERR_TLS_CERT_ALTNAME_INVALID: 'Its certificate is for another name: use the name that the certificate has.',
  UND_ERR_CONNECT_TIMEOUT: 'No answer. Is a firewall in between, or the machine off?',
};

function fromUnreachable(error: Unreachable, server: string): CliError {
  const code = causeCode(error);
  return new CliError(`The control plane cannot be reached${code === undefined ? '' : ` (${code})`}.`, {
    where: server,
    hint: (code === undefined ? undefined : NEXT_WHEN_UNREACHABLE[code]) ?? `${error.message}. Check the address.`,
    exitCode: EXIT.unreachable,
  });
}

/** The system's code, however deep a library wrapped it. */
function causeCode(error: unknown): string | undefined {
  for (let at = error; at instanceof Error; at = at.cause) {
    const inner = at instanceof AggregateError ? at.errors[0] : undefined;
    if (isSystemError(inner)) return inner.code;
    if (isSystemError(at)) return at.code;
  }
  return undefined;
}

type SystemError = Error & { code: string; path?: string };
const isSystemError = (error: unknown): error is SystemError => systemCode(error) !== undefined;
