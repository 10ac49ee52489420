/** Adapter: facts of this machine, from systeminformation (once, in a child) and from /proc and /sys (each time). */
import { execFile } from 'node:child_process';
import { readFile, statfs } from 'node:fs/promises';
import { arch, cpus, hostname, release, totalmem, type } from 'node:os';
import { fileURLToPath } from 'node:url';
import type { Inventory } from '@fairlead/shared/fleet/robot-facts';
import { parse } from '@fairlead/shared/parse';
import { type Static, Type } from 'typebox';
import { AGENT_VERSION } from '../version.ts';
import type { Facts } from './facts.ts';
import { boardOf, jetpackOfDpkg, jetpackOfTegra } from './jetson.ts';
import { readVitals } from './read-vitals.ts';

const MEASURE = fileURLToPath(new URL('./measure-machine.ts', import.meta.url));
const PATIENCE_MS = 30_000;
const MIB = 1024 * 1024;

const Measured = Type.Object({
  model: Type.String(),
  os: Type.String(),
  kernel: Type.String(),
  cpu: Type.String(),
  cores: Type.Integer({ minimum: 1 }),
  memoryBytes: Type.Number({ minimum: 0 }),
});

export function machineFacts(options: {
  /** The agent's root folder: its file system is the one that counts. */
  readonly root: string;
  readonly overrides: { readonly board?: string; readonly jetpack?: string };
}): Facts {
  let inventory: Promise<Inventory> | undefined;
  return {
    inventory: () => (inventory ??= takeInventory(options)),
    vitals: () => readVitals(options.root),
  };
}

async function takeInventory({ root, overrides }: Parameters<typeof machineFacts>[0]): Promise<Inventory> {
  const [measured, disk, model, jetpack] = await Promise.all([
    measure(),
    statfs(root),
    readText('/proc/device-tree/model'),
    findJetpack(),
  ]);
  const board = overrides.board ?? boardOf(model ?? measured.model);
  const jetpackVersion = overrides.jetpack ?? jetpack;
  return {
    hostname: hostname().slice(0, 253),
    arch: arch(),
    ...(board !== undefined && { board }),
    ...(jetpackVersion !== undefined && { jetpack: jetpackVersion }),
    os: measured.os.slice(0, 200),
    kernel: measured.kernel.slice(0, 200),
    cpu: measured.cpu.slice(0, 200),
    cores: measured.cores,
    memoryMb: Math.round(measured.memoryBytes / MIB),
    diskMb: Math.round((disk.blocks * disk.bsize) / MIB),
    agentVersion: AGENT_VERSION,
    nodeVersion: process.version,
  };
}

/** What Node itself knows is enough to go on where the child fails. */
async function measure(): Promise<Static<typeof Measured>> {
  const printed = await new Promise<string>((resolve) => {
    const options = { timeout: PATIENCE_MS, killSignal: 'SIGKILL', maxBuffer: MIB } as const;
    execFile(process.execPath, [MEASURE], options, (_, stdout) => resolve(stdout));
  });
  const measured = parse(Measured, readJson(printed));
  if (measured.ok) return measured.value;
  const [first] = cpus();
  return {
    model: '',
    os: type(),
    kernel: release(),
    cpu: first?.model ?? 'unknown',
    cores: Math.max(1, cpus().length),
    memoryBytes: totalmem(),
  };
}

async function findJetpack(): Promise<string | undefined> {
  const tegra = await readText('/etc/nv_tegra_release');
  if (tegra === undefined) return undefined;
  return jetpackOfDpkg((await readText('/var/lib/dpkg/status')) ?? '') ?? jetpackOfTegra(tegra);
}

const readText = (file: string): Promise<string | undefined> => readFile(file, 'utf8').catch(() => undefined);

function readJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
