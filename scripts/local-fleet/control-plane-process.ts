/** A real control plane as a process on 127.0.0.1, with its data in a folder of ours. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { freePort } from './free-port.ts';
import type { Processes, Running } from './processes.ts';
import { GiveUp, waitFor } from './wait-for.ts';

const MAIN = fileURLToPath(import.meta.resolve('@fairlead/control-plane/main'));

export interface ControlPlane {
  readonly url: string;
  readonly dataFolder: string;
  readonly passwordFile: string;
  /** Starts it (again) on the same port and data; resolves once it is ready. */
  start(): Promise<Running>;
}

export async function makeControlPlane(
  processes: Processes,
  folder: string,
  authorities: readonly string[],
): Promise<ControlPlane> {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const dataFolder = join(folder, 'control-plane');
  const passwordFile = join(folder, 'admin-password');
  await writeFile(passwordFile, `${crypto.randomUUID()}\n`, { mode: 0o600 });
  return {
    url,
    dataFolder,
    passwordFile,
    async start() {
      const names = [`127.0.0.1:${port}`, ...authorities].flatMap((name) => ['--name', name]);
      const data = ['--data', dataFolder, '--admin-password-file', passwordFile];
      const running = processes.start('control-plane', [MAIN, '--listen', `127.0.0.1:${port}`, ...names, ...data]);
      await waitFor('the control plane to answer', async () => {
        if (!running.alive()) throw new GiveUp(`The control plane ended; see ${running.log}`);
        return (await fetch(`${url}/health/live`)).ok || undefined;
      });
      return running;
    },
  };
}
