/** Adapter: the agent supervises the commands of agent.yaml itself (containers, developer machines, the quick start). */
import { mkdir, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { accept, type Phase, type Refusal, type Result, refuse } from '@fairlead/shared/failure';
import { isExisting } from '@fairlead/toolkit/file-error';
import type { ServiceCommand } from '../config.ts';
import { layoutOf } from '../releases/layout.ts';
import { keepShort } from './bounded-log.ts';
import type { ServiceManager } from './service-manager.ts';
import { type SupervisedService, type Supervision, superviseService } from './supervised-service.ts';

export interface ProcessServiceManager extends ServiceManager {
  /** Takes over what the last agent left running, and starts again what died meanwhile or with the machine. */
  adopt(): Promise<void>;
  /** At the agent's end: `keep` leaves every process to the next agent, `stop` ends them. */
  close(onAgentExit: 'keep' | 'stop'): Promise<void>;
}

const LOG_CHECK_MS = 60_000;

export async function processServiceManager(options: {
  /** The agent's root folder. */
  readonly root: string;
  readonly bootId: string;
  readonly commands: Readonly<Record<string, ServiceCommand>>;
  readonly pace?: Pick<Supervision, 'watchMs' | 'firstPauseMs'>;
}): Promise<ProcessServiceManager> {
  const { root, bootId } = options;
  const folder = join(root, 'services');
  await mkdir(folder, { recursive: true }).catch(async (error: unknown) => {
    if (!isExisting(error)) throw error;
    // Not a folder, so the disk has damaged it. What it held is less than a robot whose application does not start.
    await rename(folder, `${folder}.damaged`);
    await mkdir(folder);
  });
  const logOf = (name: string): string => join(folder, `${name}.log`);
  const services = new Map<string, SupervisedService>(
    Object.entries(options.commands).map(([name, command]) => {
      const active = layoutOf(root).component(command.component).slot('active');
      const files = { record: join(folder, `${name}.json`), log: logOf(name), active };
      return [name, superviseService({ name, command, files, bootId, ...options.pace })];
    }),
  );
  const logs = setInterval(() => {
    for (const name of services.keys()) void keepShort(logOf(name));
  }, LOG_CHECK_MS).unref();

  const act = (name: string, phase: Phase, verb: 'start' | 'stop'): Promise<Result<void>> => {
    const service = services.get(name);
    return service ? service[verb](phase) : Promise.resolve(refuse(unknownService(name, phase)));
  };
  return {
    ownsStops: true,
    check: async (name, phase) => (services.has(name) ? accept(undefined) : refuse(unknownService(name, phase))),
    start: (name, phase) => act(name, phase, 'start'),
    stop: (name, phase) => act(name, phase, 'stop'),
    state: async (name) =>
      services.get(name)?.state() ?? {
        state: 'unknown',
        restarts: 0,
        detail: `agent.yaml has no services.commands.${name}`,
      },
    adopt: async () => {
      for (const service of services.values()) await service.adopt();
    },
    close: async (onAgentExit) => {
      clearInterval(logs);
      for (const service of services.values()) {
        if (onAgentExit === 'stop') await service.stop('switch');
        else service.letGo();
      }
    },
  };
}

const unknownService = (name: string, phase: Phase): Refusal => ({
  phase,
  element: name,
  category: 'no_service',
  detail: `The release names the service ${name}, and agent.yaml has no services.commands.${name}.`,
  retryable: false,
  hint: `Add services.commands.${name} to agent.yaml, or correct services in release.yaml.`,
});
