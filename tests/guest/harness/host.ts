/** Programs of this machine, without a shell. */
import { execFile } from 'node:child_process';
import type { Spoken } from '../../../scripts/local-fleet/fairlead.ts';

/** Runs one program to its end; never rejects for an exit code. */
export const ask = (program: string, ...args: readonly string[]): Promise<Spoken> =>
  new Promise((resolve) => {
    execFile(program, args, { maxBuffer: 2 ** 24 }, (error, stdout, stderr) => {
      const exitCode = error === null ? 0 : typeof error.code === 'number' ? error.code : 1;
      resolve({ exitCode, stdout, stderr: stderr || (error?.message ?? '') });
    });
  });

/** For programs that must succeed: what they print. @throws Error with what they said otherwise. */
export async function must(program: string, ...args: readonly string[]): Promise<string> {
  const { exitCode, stdout, stderr } = await ask(program, ...args);
  if (exitCode !== 0) throw new Error(`${program} ${args.join(' ')} ended with ${exitCode}: ${stderr.trim()}`);
  return stdout;
}
