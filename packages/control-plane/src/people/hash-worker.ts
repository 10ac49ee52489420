/** A thread that hashes passwords, one after the other: see worker-hasher.ts. */
import { parentPort } from 'node:worker_threads';
import { hashPassword, isPassword, type PasswordCost } from './password.ts';

export type HashTask =
  | { readonly kind: 'hash'; readonly password: string; readonly cost?: PasswordCost }
  | { readonly kind: 'match'; readonly password: string; readonly hash: string };
export type HashResult = string | boolean;

const run = (task: HashTask): HashResult =>
  task.kind === 'hash' ? hashPassword(task.password, task.cost) : isPassword(task.password, task.hash);

parentPort?.on('message', (task: HashTask) => parentPort?.postMessage(run(task)));
