/** A real control plane as a process on an address of this machine, with its data in a folder of ours. */
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

export interface ControlPlaneOptions {
  /** Where it listens. Default 127.0.0.1. */
  readonly address?: string | undefined;
  /** More arguments, such as --database. */
  readonly args?: readonly string[];
  /** Another replica of this one: with its data folder, on a port of its own. */
  readonly beside?: ControlPlane;
}

export async function makeControlPlane(
  processes: Processes,
  folder: string,
  authorities: readonly string[],
  { address = '127.0.0.1', args = [], beside }: ControlPlaneOptions = {},
): Promise<ControlPlane> {
  const port = await freePort();
  const url = `http://${address}:${port}`;
  const dataFolder = join(folder, 'control-plane');
  const passwordFile = join(folder, 'admin-password');
  if (!beside) await writeFile(passwordFile, `${crypto.randomUUID()}\n`, { mode: 0o600 });
  return {
    url,
    dataFolder,
    passwordFile,
    async start() {
      const names = [`${address}:${port}`, ...authorities].flatMap((name) => ['--name', name]);
      const data = ['--data', dataFolder, '--admin-password-file', passwordFile];
      const name = beside ? `control-plane-${port}` : 'control-plane';
      const running = processes.start(name, [MAIN, '--listen', `${address}:${port}`, ...names, ...data, ...args]);
      await waitFor('the control plane to answer', async () => {
        if (!running.alive()) throw new GiveUp(`The control plane ended; see ${running.log}`);
        return (await fetch(`${url}/health/live`)).ok || undefined;
      });
      return running;
    },
  };
}
