/**
 * Passwords are hashed on a thread of their own, one at a time. Node's thread pool is where signatures of robots are
 * verified and files are read: four logins would fill it. Few may wait, and who has hung up is not served: whoever sends
 * a thousand passwords makes the others wait for a moment, not for minutes.
 */
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { problem } from '../http/problem.ts';
import type { HashResult, HashTask } from './hash-worker.ts';
import { type PasswordCost, unmatchableHash } from './password.ts';
import type { PasswordHasher, Turn } from './password-hasher.ts';

export interface WorkerHasherOptions {
  /** Default: PASSWORD_COST. */
  readonly cost?: PasswordCost;
  /** How many may wait beside the one that is served. */
  readonly maxWaiting?: number;
}
/** About four seconds of work. */
const MAX_WAITING = 32;
/** For known people beside them: strangers from many networks must not keep an operator from logging in. */
const RESERVED = 8;

interface Job {
  readonly task: HashTask;
  readonly turn: Turn;
  resolve(result: HashResult): void;
  reject(cause: unknown): void;
}

/** The thread is started with the first password, and again where it has died. */
export function workerHasher({ cost, maxWaiting = MAX_WAITING }: WorkerHasherOptions = {}): PasswordHasher {
  let worker: Worker | undefined;
  let current: Job | undefined;
  let waiting: Job[] = [];
  let closed = false;

  const start = (): Worker => {
    const started = new Worker(new URL('./hash-worker.ts', import.meta.url));
    // Waiting for a password must not keep the process alive; serving one does.
    started.unref();
    started.on('message', (result: HashResult) => finish((job) => job.resolve(result)));
    const onEnd = (cause: unknown): void => {
      // What comes next begins on a new thread.
      if (worker !== started) return;
      worker = undefined;
      finish((job) => job.reject(cause));
    };
    started.on('error', onEnd);
    started.on('exit', () => onEnd(new Error('The thread that hashes passwords ended.')));
    return started;
  };
  const finish = (settle: (job: Job) => void): void => {
    const job = current;
    current = undefined;
    worker?.unref();
    if (job) settle(job);
    serveNext();
  };
  const serveNext = (): void => {
    if (current || closed) return;
    waiting = waiting.filter((job) => !dropIfGone(job));
    current = waiting.shift();
    if (!current) return;
    worker ??= start();
    worker.ref();
    worker.postMessage(current.task);
  };
  const run = (task: HashTask, turn: Turn = {}): Promise<HashResult> =>
    new Promise((resolve, reject) => {
      waiting = waiting.filter((job) => !dropIfGone(job));
      const known = waiting.filter(({ turn: { isKnown } }) => isKnown).length;
      const isFull = turn.isKnown ? waiting.length >= maxWaiting + RESERVED : waiting.length - known >= maxWaiting;
      if (closed || isFull) return reject(tooMany());
      // Behind the known ones, before all others.
      waiting.splice(turn.isKnown ? known : waiting.length, 0, { task, turn, resolve, reject });
      serveNext();
    });

  return {
    hash: async (password, turn) => String(await run({ kind: 'hash', password, ...(cost && { cost }) }, turn)),
    matches: async (password, hash, turn) => (await run({ kind: 'match', password, hash }, turn)) === true,
    unmatchable: unmatchableHash(cost),
    async close() {
      closed = true;
      for (const { reject } of waiting) reject(tooMany());
      waiting = [];
      if (!worker) return;
      const exited = once(worker, 'exit');
      await Promise.all([worker.terminate(), exited]);
    },
  };
}

/** Callers that hung up make room for others at once. */
function dropIfGone({ turn: { signal }, reject }: Job): boolean {
  if (!signal?.aborted) return false;
  reject(callerGone());
  return true;
}

const callerGone = () => problem('unavailable', 'The caller has gone, or the server stops.');
const tooMany = () =>
  problem('rate_limited', 'Too many people log in at this moment.', { retryAfterSec: 5, hint: 'Try again.' });
