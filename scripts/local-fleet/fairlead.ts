/** The command line as a person has it: a process with its own home. */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const MAIN = fileURLToPath(import.meta.resolve('@fairlead/cli/main'));

export interface Spoken {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}
/** Runs one command to its end; never rejects for an exit code. */
export type Fairlead = (...args: readonly string[]) => Promise<Spoken>;

export const fairleadIn =
  (home: string, more: NodeJS.ProcessEnv = {}): Fairlead =>
  (...args) =>
    new Promise((resolve) => {
      const env = { ...process.env, FAIRLEAD_HOME: home, NO_COLOR: '1', ...more };
      execFile(process.execPath, [MAIN, ...args], { env, maxBuffer: 2 ** 24 }, (error, stdout, stderr) => {
        const exitCode = error === null ? 0 : typeof error.code === 'number' ? error.code : 1;
        resolve({ exitCode, stdout, stderr });
      });
    });

/** For commands that must succeed: their JSON document. @throws Error with what the command said otherwise. */
export async function succeed(fairlead: Fairlead, ...args: readonly string[]): Promise<unknown> {
  const { exitCode, stdout, stderr } = await fairlead(...args, '--json');
  if (exitCode !== 0) throw new Error(`fairlead ${args.join(' ')} ended with ${exitCode}: ${stderr.trim()}`);
  return JSON.parse(stdout);
}
