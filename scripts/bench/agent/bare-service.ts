/** The yardstick of a switch: the same application, restarted with nothing in between. */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { promisify } from 'node:util';
import { freePort } from '../../local-fleet/free-port.ts';
import { askHealth } from '../../local-fleet/robot-process.ts';
import { waitFor } from '../../local-fleet/wait-for.ts';

export interface BareService {
  readonly url: string;
  restart(): Promise<void>;
  stop(): Promise<void>;
}

/** SIGTERM, its end, and the same program again: what `systemctl restart` does, without systemd. */
export async function startBareService(folder: string): Promise<BareService> {
  const port = String(await freePort());
  const url = `http://127.0.0.1:${port}`;
  const env = { ...process.env, ROBOT_PORT: port };
  const start = (): ChildProcess => spawn('node', ['app.mjs'], { cwd: folder, env, stdio: 'ignore' });
  let running = start();
  const stop = async (): Promise<void> => {
    const gone = once(running, 'exit');
    running.kill('SIGTERM');
    await gone;
  };
  await waitFor('the application', () => askHealth(url));
  return {
    url,
    stop,
    restart: async () => {
      await stop();
      running = start();
    },
  };
}

/** A service of the machine's own manager: `command` restarts it, at `url` it answers. */
export const serviceOfMachine = (url: string, [program = '', ...args]: readonly string[]): BareService => ({
  url,
  restart: async () => void (await promisify(execFile)(program, args)),
  stop: async () => undefined,
});
