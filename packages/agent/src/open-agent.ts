/** Composition root of the agent: the file that knows every adapter. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as timer } from 'node:timers/promises';
import { createClient } from '@fairlead/shared/api/client';
import { filesApi } from '@fairlead/shared/api/files-api';
import { robotApi } from '@fairlead/shared/api/robot-api';
import { Failure, type Refusal } from '@fairlead/shared/failure';
import type { MeasureTree } from '@fairlead/toolkit/bundle/bundle';
import { makeFolderDurably } from '@fairlead/toolkit/durable-files';
import { undiciTransport } from '@fairlead/toolkit/http/undici-transport';
import { safeLogger } from '@fairlead/toolkit/process/safe-logger';
import { TRUST_DATABASE } from '@fairlead/toolkit/trust/patient-trust-store';
import { type Logger, stdTimeFunctions } from 'pino';
import { createAgent } from './agent.ts';
import type { WhoAmI } from './agent-parts.ts';
import { openFileAlarmRegister } from './alarms/file-alarm-register.ts';
import { createBell, ringAfter } from './bell.ts';
import { createAgentClock } from './clock/agent-clock.ts';
import type { OpenedAgent } from './commands/command-context.ts';
import { openConditions } from './conditions/open-conditions.ts';
import type { AgentConfig } from './config.ts';
import { confinedSmokeTests, confinement } from './confine.ts';
import { httpBlobSource } from './download/http-blob-source.ts';
import { DEFAULT_PACE } from './download/pace.ts';
import { enrolRobot } from './enrol/enrol-robot.ts';
import { createProber } from './health/create-prober.ts';
import { readIdentity, setIdentityAside } from './identity/robot-identity.ts';
import { openRobotKey } from './identity/robot-key.ts';
import { machineFacts } from './inventory/machine-facts.ts';
import { metricBoard } from './inventory/metric-board.ts';
import { fileJournalStore } from './journal/file-journal-store.ts';
import { createPulse } from './lifeline/pulse.ts';
import { serviceNotifier } from './lifeline/service-notifier.ts';
import { createMonitor } from './monitoring/monitor.ts';
import { plannedWork } from './monitoring/planned-work.ts';
import { openTrust } from './open-trust.ts';
import { agentOutbound } from './outbound.ts';
import type { Outbox } from './outbox/outbox.ts';
import { openReportChain } from './outbox/report-chain.ts';
import { openSqliteSpool } from './outbox/sqlite-spool.ts';
import { launchedRelease } from './own-release/launched-release.ts';
import { lateConfirmation } from './poll/confirm-switch.ts';
import { createRequestSigner } from './poll/request-signer.ts';
import { signedManifestOf } from './poll/signed-manifest.ts';
import { layoutOf } from './releases/layout.ts';
import { openReleaseFolder } from './releases/release-folder.ts';
import { sweepHalfWritten } from './releases/sweep.ts';
import { type ProcessServiceManager, processServiceManager } from './services/process-service-manager.ts';
import { serviceEnvironment } from './services/service-environment.ts';
import type { ServiceManager } from './services/service-manager.ts';
import { systemdOfThisMachine } from './services/systemd-service-manager.ts';
import { forbiddenByPolicy } from './update/forbids.ts';
import { createUpdater } from './update/updater.ts';
import { fileUpdateHistory } from './update-history/file-update-history.ts';

/**
 * Facts that come close together go in one delivery. Telling `switching` at once would take the processor from the
 * application in the very moment in which it starts: 35 ms of its downtime (docs/performance.md).
 */
const GATHER_MS = 600;

export async function openAgent(config: AgentConfig): Promise<OpenedAgent> {
  const restart = new AbortController();
  const { root, server } = config;
  const log = safeLogger({
    level: config.logLevel ?? 'info',
    base: { robot: config.robot },
    timestamp: stdTimeFunctions.isoTime,
  });
  for (const warning of config.warnings) log.warn(warning);
  const identityFolder = join(root, 'identity');
  await makeFolderDurably(join(root, 'trust'), 0o700);
  const key = await openRobotKey(identityFolder);
  const findings: Refusal[] = key.lost ? [key.lost] : [];
  const who = await whoAmI(config, identityFolder, key.signer.keyid, findings);
  const bootId = (await readFile('/proc/sys/kernel/random/boot_id', 'utf8')).trim();
  const bells = { checkIn: createBell(), delivery: createBell(), permission: createBell() };

  // The alarms need a spool, the spool a clock, and the clock what trust knows of the time.
  let onTrust = (_trouble: Refusal | undefined): void => undefined;
  const send = agentOutbound(config, process.env, (level, message) => log[level](message));
  const trust = openTrust(config, who, send, (trouble) => onTrust(trouble));
  const clock = createAgentClock({ floor: trust, wall: Date.now, monotonic: () => performance.now() });
  const spool = openSqliteSpool({
    file: join(root, 'spool.db'),
    bootId,
    clock,
    onAppend: ringAfter(bells.delivery, GATHER_MS),
    onTrouble: (message, cause) => log.error({ cause: String(cause) }, message),
  });
  const outbox = withOverridesLogged(spool, log);
  const alarms = await openFileAlarmRegister({ file: join(root, 'alarms.json'), outbox, clock });
  onTrust = (trouble) => alarms.settle(({ element }) => element.endsWith(TRUST_DATABASE), trouble ? [trouble] : []);
  // What was found before the outbox was open.
  trust.versions();
  onTrust(trust.trouble());
  const transport = undiciTransport({ send });
  const signer = createRequestSigner({
    signer: key.signer,
    clock,
    transport,
    monotonic: () => performance.now(),
  });
  const client = createClient(robotApi, { baseUrl: server, transport: signer.transport });
  const facts = machineFacts({ root, overrides: config.hardware ?? {} });
  const services = await openServices(config, bootId);
  const own = launchedRelease({
    root,
    configFile: config.file,
    told: process.env,
    onRestart: () => restart.abort(),
  });
  const notifier = serviceNotifier(process.env);
  const pulse = createPulse(() => performance.now());
  const confirmation = lateConfirmation();
  const work = plannedWork();
  const conditions = await openConditions({ config, bootId, clock, bell: bells.permission, alarms, log });
  const maxKbPerSec = config.download?.maxKbPerSec;
  const confine = await confinement(config);
  const environmentOf = serviceEnvironment(config.services?.commands);
  const prober = createProber(services.manager, { confine, environmentOf });
  const history = fileUpdateHistory({
    folder: layoutOf(root).outcomes,
    clock,
    log: (level, facts, message) => log[level](facts, message),
  });
  const updater = createUpdater({
    root,
    history,
    journal: fileJournalStore(layoutOf(root).journal, clock),
    measureTree,
    // Only a robot that unpacks and tests a release pays for what that needs.
    extractBundle: async (order) => (await import('@fairlead/toolkit/bundle/extract-bundle')).extractBundle(order),
    runSmokeTests: confinedSmokeTests(confine),
    blobs: httpBlobSource({ server, send, authorise: signer.headersFor }),
    services: services.manager,
    prober,
    outbox,
    alarms,
    own,
    pulse,
    permission: conditions.permission,
    safeState: conditions.safeState,
    mayDownload: conditions.mayDownload,
    permissionBell: bells.permission,
    confirmation,
    // A lease or a fact that comes and goes at once is one question and not two.
    onReadiness: ringAfter(bells.checkIn, GATHER_MS / 2),
    forbids: forbiddenByPolicy(trust, who.environment),
    signedManifest: signedManifestOf(trust, who.environment),
    work,
    clock,
    ...(maxKbPerSec && { pace: { ...DEFAULT_PACE, maxBytesPerSec: maxKbPerSec * 1024 } }),
  });
  const monitor = createMonitor({
    layout: layoutOf(root),
    folderOf: (component) => openReleaseFolder(layoutOf(root), component, measureTree),
    prober,
    services: services.manager,
    isDamaged: (component) => updater.damages().some((damage) => damage.component === component),
    work,
    reports: spool,
    clock,
    elapsed: () => performance.now(),
    // The pauses of monitoring keep no process alive.
    sleep: (ms, signal) => timer(ms, undefined, { signal, ref: false }).catch(() => undefined),
    random: Math.random,
    onChange: bells.checkIn.ring,
    log: (level, message, facts) => log[level](facts ?? {}, message),
  });
  const agent = createAgent({
    config,
    who,
    key,
    identityFolder,
    bootId,
    clock,
    trust,
    findings,
    facts,
    services: services.manager,
    spool,
    alarms,
    // A chain belongs to its key: a robot with a new key begins a new one.
    chain: await openReportChain(
      join(identityFolder, `reports-${key.signer.keyid.slice(0, 12)}.json`),
      who.robot,
      key.signer,
    ),
    updater,
    monitor,
    history,
    confirmation,
    conditions,
    metrics: metricBoard(() => performance.now()),
    client,
    files: createClient(filesApi, { baseUrl: server, transport }),
    bells,
    own,
    pulse,
    notifier,
    log,
  });
  return {
    agent,
    log,
    adopt: async () => {
      // A full or broken disk is no reason to leave a robot's application down.
      await sweepHalfWritten(layoutOf(root)).catch((error: unknown) => log.warn({ error: String(error) }, 'not swept'));
      await services.adopt();
    },
    // Where only the agent restarts, the robot's application works on.
    leaveServices: () => services.leave(restart.signal.aborted),
    restartWanted: restart.signal,
    isOnTrial: own.isOnTrial,
    enrol: async () => {
      const { signer } = key;
      const { lifecycle } = await enrolRobot({ config, folder: identityFolder, signer, client, facts, clock });
      return { fingerprint: signer.keyid, lifecycle };
    },
    verify: (component) => updater.verifyActive(component),
    close: () => {
      conditions.close();
      spool.close();
      trust.close();
    },
  };
}

const measureTree: MeasureTree = async (order) =>
  (await import('@fairlead/toolkit/bundle/measure-tree')).measureTree(order);

/** What an override stepped over is said on the robot too, not only to the server. */
const withOverridesLogged = (spool: Outbox, log: Logger): Outbox => ({
  ...spool,
  append: (event) => {
    if (event.event === 'override')
      log.warn({ override: event }, `an override by ${event.by} steps over this robot's own conditions`);
    spool.append(event);
  },
});

async function whoAmI(
  config: AgentConfig,
  identityFolder: string,
  keyid: string,
  findings: Refusal[],
): Promise<WhoAmI> {
  const identity = await readIdentity(identityFolder).catch(async (error: unknown) => {
    if (!(error instanceof Failure)) throw error;
    // It enrols again with the same key: agent.yaml and the server must then agree on who it is, as the first time.
    await setIdentityAside(identityFolder, Date.now());
    findings.push(error.refusal);
    return undefined;
  });
  // Another key than the enrolled one is nobody yet, whatever the record says.
  if (identity?.keyid !== keyid) return { robot: config.robot, environment: config.environment, isEnrolled: false };
  return { robot: identity.robot, environment: identity.environment, isEnrolled: true };
}

/** The service manager that agent.yaml asks for. */
interface OpenedServices {
  readonly manager: ServiceManager;
  /** Takes over what the last agent left running. */
  adopt(): Promise<void>;
  /** At the agent's end. `isRestart`: another agent comes at once. */
  leave(isRestart: boolean): Promise<void>;
}

export async function openServices(config: AgentConfig, bootId: string): Promise<OpenedServices> {
  const { manager, commands = {}, onAgentExit = 'keep' } = config.services;
  if (manager === 'systemd') {
    return { manager: await systemdOfThisMachine(), adopt: async () => undefined, leave: async () => undefined };
  }
  const own: ProcessServiceManager = await processServiceManager({ root: config.root, bootId, commands });
  return {
    manager: own,
    adopt: () => own.adopt(),
    leave: (isRestart: boolean) => own.close(isRestart ? 'keep' : onAgentExit),
  };
}
