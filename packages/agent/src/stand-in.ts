/**
 * What stands in for an agent that its disk does not let start yet (no room for its key, a file that can't be read): the
 * robot's application runs, its service manager is content, and whoever asks on the socket hears why nothing else goes on.
 */
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { ProblemError } from '@fairlead/shared/api/client';
import { PROBLEMS } from '@fairlead/shared/api/problem';
import type { Refusal } from '@fairlead/shared/failure';
import type { ComponentName } from '@fairlead/shared/ids';
import { timerMs, toTimestamp } from '@fairlead/shared/time';
import type { MeasureTree } from '@fairlead/toolkit/bundle/bundle';
import type { AgentConfig } from './config.ts';
import { machineFacts } from './inventory/machine-facts.ts';
import { serviceNotifier } from './lifeline/service-notifier.ts';
import { explainLocally } from './local-api/explain-locally.ts';
import type { AgentStatus } from './local-api/local-api.ts';
import type { LocalHandlers } from './local-api/serve-local-api.ts';
import { openServices } from './open-agent.ts';
import { layoutOf } from './releases/layout.ts';
import { listComponents, openReleaseFolder } from './releases/release-folder.ts';
import type { ServiceManager } from './services/service-manager.ts';
import { startForgotten } from './update/keep-services-up.ts';
import { AGENT_VERSION } from './version.ts';

export interface StandIn {
  readonly local: LocalHandlers;
  /** Leaves everything as it is to the agent that can start now. */
  close(): Promise<void>;
}

/** `trouble`: why the agent does not start, as it was found last. */
export async function openStandIn(config: AgentConfig, trouble: () => Refusal): Promise<StandIn> {
  const bootId = (await readFile('/proc/sys/kernel/random/boot_id', 'utf8')).trim();
  // Where not even that opens, no agent has ever started a service here.
  const services = await openServices(config, bootId).catch(() => undefined);
  await services?.adopt().catch(() => undefined);
  if (services) await startStopped(services.manager, config.root);
  const notifier = serviceNotifier(process.env);
  notifier.tell('READY=1', 'STATUS=waiting for its disk');
  const feed = setInterval(() => notifier.tell('WATCHDOG=1'), timerMs((notifier.watchdogMs ?? 60_000) / 3));
  const facts = machineFacts({ root: existsSync(config.root) ? config.root : '/', overrides: config.hardware ?? {} });

  const status = async (): Promise<AgentStatus> => ({
    robot: config.robot,
    environment: config.environment,
    server: config.server,
    agentVersion: AGENT_VERSION,
    enrolled: false,
    now: toTimestamp(Date.now()),
    clockTrust: 'system',
    activity: { state: 'waiting', refusal: trouble() },
    components: [],
    services: await Promise.all(
      Object.keys(config.services.commands ?? {}).map(async (service) => {
        const { state = 'unknown', detail = '' } = (await services?.manager.state(service)) ?? {};
        return { service, state, detail };
      }),
    ),
    trust: { root: 0, timestamp: 0, snapshot: 0, role: 0 },
    unsentReports: 0,
    inventory: await facts.inventory(),
    vitals: await facts.vitals(),
    troubles: [trouble()],
  });
  const notYet = (): Promise<never> => {
    const { detail, hint } = trouble();
    const { status: code, title } = PROBLEMS.unavailable;
    return Promise.reject(
      new ProblemError({ type: 'about:blank', title, status: code, code: 'unavailable', detail, hint }),
    );
  };
  return {
    local: {
      status,
      explain: async () => explainLocally(await status()),
      checkNow: async () => ({ asked: false }),
      rollBack: async () => ({ refusal: trouble() }),
      // Nothing is switched by an agent that does not run, and nothing could be kept for the one that will.
      listLeases: notYet,
      takeLease: notYet,
      extendLease: notYet,
      releaseLease: notYet,
      postFacts: notYet,
      postMetrics: notYet,
    },
    close: async () => {
      clearInterval(feed);
      await services?.leave(true);
    },
  };
}

/** An agent that ends may stop its services with itself: they are started without the agent that would do that. */
async function startStopped(manager: ServiceManager, root: string): Promise<void> {
  const layout = layoutOf(root);
  const folderOf = (component: ComponentName) => openReleaseFolder(layout, component, neverMeasured);
  // What can't be read has nothing to start.
  for (const component of await listComponents(layout).catch(() => [])) {
    await startForgotten(component, { folderOf, services: manager }).catch(() => undefined);
  }
}

const neverMeasured: MeasureTree = () => Promise.reject(new Error('a stand-in measures nothing'));
