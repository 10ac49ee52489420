/**
 * A campaign mounts and unmounts all the time, and a container that starts meanwhile would copy its mounts and hold its
 * disks. So it works in a mount namespace of its own: the same command once more, inside.
 */
import { spawn } from 'node:child_process';

const INSIDE = 'FAIRLEAD_CAMPAIGN_INSIDE';

/** The exit code of the command inside; undefined where this is inside, or there is no right to go there. */
export async function inOwnMounts(argv: readonly string[]): Promise<number | undefined> {
  if (process.getuid?.() !== 0 || process.env[INSIDE] !== undefined) return undefined;
  const [program = '', ...args] = argv;
  const child = spawn('unshare', ['--mount', '--propagation', 'private', program, ...args], {
    stdio: 'inherit',
    env: { ...process.env, [INSIDE]: '1' },
  });
  const passOn = (signal: NodeJS.Signals): void => void child.kill(signal);
  // A terminal signals the whole group; whoever else ends us means the campaign.
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, passOn);
  return new Promise((resolve) => {
    // Without unshare there is nothing to hide from either.
    child.once('error', () => resolve(undefined));
    child.once('exit', (code) => resolve(code ?? 1));
  });
}
