/**
 * The control plane without its adapters: given a store, a blob store, keys and a clock, the app that answers.
 * main.ts starts it for real; tests call `app.inject`.
 */
import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { alertApi } from '@fairlead/shared/api/alert-api';
import { deploymentApi } from '@fairlead/shared/api/deployment-api';
import { filesApi } from '@fairlead/shared/api/files-api';
import { fleetApi } from '@fairlead/shared/api/fleet-api';
import { healthApi } from '@fairlead/shared/api/health-api';
import { openApi } from '@fairlead/shared/api/openapi';
import { peopleApi } from '@fairlead/shared/api/people-api';
import { publishApi } from '@fairlead/shared/api/publish-api';
import { robotApi } from '@fairlead/shared/api/robot-api';
import { rolloutApi } from '@fairlead/shared/api/rollout-api';
import { rulesApi } from '@fairlead/shared/api/rules-api';
import { docsApi, V1 } from '@fairlead/shared/api/v1';
import type { RobotId } from '@fairlead/shared/ids';
import { type Clock, SECOND } from '@fairlead/shared/time';
import { sha256Hex } from '@fairlead/shared/trust/digest';
import type { CheckBundle } from '@fairlead/toolkit/bundle/bundle';
import type { FastifyBaseLogger, FastifyInstance } from 'fastify';
import type { Registry } from 'prom-client';
import { alertHandlers } from './alarms/alert-handlers.ts';
import { uploadHandlers } from './artifacts/accept-upload.ts';
import type { ArtifactStore } from './artifacts/artifact-store.ts';
import { blobHandlers } from './artifacts/serve-blob.ts';
import { deploymentHandlers } from './assign/deployment-handlers.ts';
import { deploymentIds, rolloutIds } from './assign/deployment-id.ts';
import { repairDifferences } from './assign/repair.ts';
import { withdrawAll } from './assign/withdraw.ts';
import { checkInHandlers } from './check-in/answer-check-in.ts';
import { changeLimit } from './check-in/change-limit.ts';
import { isMeasured } from './check-in/measured-health.ts';
import { reconcileAlarms } from './check-in/reconcile-alarms.ts';
import { wakeUpCalls } from './check-in/wake-up-calls.ts';
import { explainHandlers } from './explain/explain-handlers.ts';
import { changeRobotsHandlers } from './fleet/change-robots.ts';
import { enrolHandlers } from './fleet/enrol-robot.ts';
import { enrolmentTokenHandlers } from './fleet/enrolment-token-handlers.ts';
import { openFleetSettings } from './fleet/fleet-settings.ts';
import { listRobotsHandlers } from './fleet/list-robots.ts';
import { openPresenceRegistry } from './fleet/presence-registry.ts';
import { settingsHandlers } from './fleet/settings-handlers.ts';
import { diskCheck, type WatchedDisk } from './health/disk-space.ts';
import { measureFleet } from './health/fleet-metrics.ts';
import { healthChecks } from './health/health-checks.ts';
import { healthHandlers } from './health/health-handlers.ts';
import { keepHouse } from './housekeeping.ts';
import { remembered } from './http/authorities.ts';
import { createApp } from './http/create-app.ts';
import { floodLimit } from './http/flood-limit.ts';
import { logInHandlers } from './people/log-in.ts';
import { loginLimits } from './people/login-limits.ts';
import { manageTokensHandlers } from './people/manage-tokens.ts';
import { manageUsersHandlers } from './people/manage-users.ts';
import { ownPasswordHandlers } from './people/own-password.ts';
import type { PasswordHasher } from './people/password-hasher.ts';
import { releaseHandlers } from './publish/list-releases.ts';
import { publishRoleHandlers } from './publish/publish-role.ts';
import { reportHandlers } from './report/accept-report.ts';
import { endFindings } from './report/apply-health.ts';
import { hearReport } from './report/hear-report.ts';
import { autoDeploy } from './rollout/auto-deploy.ts';
import { createEngine, type EngineDeps } from './rollout/engine.ts';
import { joinRollouts } from './rollout/join-rollouts.ts';
import { metricOf } from './rollout/metric-of.ts';
import { openRules } from './rollout/open-rules.ts';
import { orderBackAfterReadmission } from './rollout/order-back.ts';
import { rolloutHandlers } from './rollout/rollout-handlers.ts';
import { soakWatcher } from './rollout/watch-soak.ts';
import { wordsOnRobot } from './rollout/word-on-robot.ts';
import { rulesHandlers } from './rules/rules-handlers.ts';
import { lookAgain } from './signals/look-again.ts';
import type { Signals } from './signals/signals.ts';
import type { Store } from './store/store.ts';
import { trustHandlers } from './trust/initialise-trust.ts';
import { keepFresh } from './trust/keep-fresh.ts';
import type { OnlineKeys } from './trust/online-keys.ts';
import { outrunRobots } from './trust/outrun-robots.ts';
import { repositoryHandlers } from './trust/serve-repository.ts';
import { measureTrust, trustVerdict } from './trust/trust-health.ts';

export interface ControlPlaneDeps {
  readonly store: Store;
  readonly artifacts: ArtifactStore;
  readonly checkBundle: CheckBundle;
  readonly onlineKeys: OnlineKeys;
  readonly clock: Clock;
  /** The line to the other replicas. It stays open: it is its owner's. */
  readonly signals: Signals;
  readonly sessionSecret: Uint8Array;
  /** host:port names under which robots reach this server, as of now: addresses come and go. */
  readonly authorities: () => readonly string[];
  /** Addresses or CIDR ranges of proxies whose word on the caller's address is believed. */
  readonly trustedProxies?: readonly string[];
  readonly logger: FastifyBaseLogger;
  /** Where the slices register what they count. */
  readonly metrics: Registry;
  /** It stays open: it is its owner's. */
  readonly passwords: PasswordHasher;
  /** Called when a person's password has changed. */
  readonly onPasswordChange?: () => Promise<void>;
  /** Readiness turns red before one of them is full. */
  readonly disks?: readonly WatchedDisk[];
  /** `by-hand`: rollouts move only when `drive` is called. */
  readonly engine?: 'by-itself' | 'by-hand';
}
export interface ControlPlane {
  readonly app: FastifyInstance;
  /** Drives all rollouts as far as they go now; by itself it happens every second and after every report. */
  drive(): Promise<void>;
  /** Answers what is still open, writes what is still in memory. The store stays open: it is its owner's. */
  stop(): Promise<void>;
}

export async function createControlPlane(deps: ControlPlaneDeps): Promise<ControlPlane> {
  const { store, artifacts, checkBundle, onlineKeys, clock, signals, logger, metrics, passwords } = deps;
  const onFailure = (err: unknown) => logger.error({ err }, 'background work failed');
  const checks = healthChecks();
  const presence = await openPresenceRegistry(store);
  const stopped = new AbortController();
  const looking = { onFailure, until: stopped.signal };
  const settings = await openFleetSettings(store, clock, signals, looking);
  signals.onChange('presence', lookAgain(presence.refresh, looking));
  const shareLearned = lookAgain(async () => {
    if (store.database === 'PostgreSQL' && (await presence.flushLearned())) signals.changed('presence');
  }, looking);
  const calls = wakeUpCalls(signals);
  const signing = { keys: onlineKeys, clock };
  const { fastify, sessions, serve } = await createApp({ trustedProxies: [], ...deps });

  const assign = {
    store,
    clock,
    newId: deploymentIds(clock),
    freshFacts: presence.refresh,
    factsOf: (robot: RobotId) => presence.of(robot)?.facts ?? {},
    statementOf: (robot: RobotId) => {
      const { facts = {}, lastSeen } = presence.of(robot) ?? {};
      return { facts, at: facts.observedAt ?? lastSeen };
    },
    wake: signals.wake,
  };
  const { robotHistory, ...deploymentRoutes } = deploymentHandlers(assign);
  const robots = { store, clock, presence, settings };
  const rules = await openRules({ store, presence, signals, looking });
  const startedAt = clock.now();
  const lastSeen = (robot: RobotId) => presence.of(robot)?.lastSeen;
  const rollouts: EngineDeps = {
    ...assign,
    newRolloutId: rolloutIds(clock),
    rules: rules.now,
    metricOf: metricOf(presence, clock),
    lastSeen,
    startedAt,
    soak: soakWatcher({
      startedAt,
      lastSeen,
      offlineAfterMs: () => settings.now().offlineAfterSec * SECOND,
    }),
    audit: async ({ audit }, { reason, ...word }) => {
      await audit.append({ ...word, ...(reason !== undefined && { reason }) });
    },
    // A person's word may come in here, and the driver sit elsewhere.
    poke: () => signals.changed('rollouts'),
    // An operator who looks into the database finds the process.
    holder: `${hostname()} ${process.pid} ${randomUUID()}`,
    onFailure,
  };
  const engine = createEngine(rollouts);
  signals.onChange('rollouts', engine.poke);
  const join = (robot: RobotId) => void joinRollouts(rollouts, robot).catch(onFailure);
  const deployByItself = (names: readonly string[]) => void autoDeploy(rollouts, names).catch(onFailure);
  const people = {
    store,
    clock,
    sessions,
    passwords,
    ...(deps.onPasswordChange && { onPasswordChange: deps.onPasswordChange }),
  };

  serve(peopleApi, {
    ...logInHandlers({ ...people, limits: loginLimits(clock) }),
    ...ownPasswordHandlers(people),
    ...manageUsersHandlers(people),
    ...manageTokensHandlers({ store, clock }),
  });
  serve(fleetApi, {
    ...enrolmentTokenHandlers({ store, clock }),
    ...listRobotsHandlers(robots),
    ...changeRobotsHandlers({
      ...robots,
      onDecommission: async (slices, robot, by) => {
        const at = clock.now();
        await withdrawAll(slices, robot, { by, now: at, why: 'The robot was decommissioned.' });
        await slices.alarms.resolveAllOf(robot, { at, by, how: 'decommissioned' });
      },
      onReadmitted: (slices, robot) => orderBackAfterReadmission(assign, slices, robot, clock.now()),
      wake: (robot) => signals.wake([robot]),
      onMoved: join,
    }),
    ...settingsHandlers(settings),
    ...explainHandlers({ ...robots, rolloutsOf: (robot) => wordsOnRobot(rollouts, robot) }),
    robotHistory,
  });
  serve(
    alertApi,
    alertHandlers({
      store,
      clock,
      isMeasured: (robot, alarm) => isMeasured(alarm, assign.factsOf(robot)),
      onResolve: endFindings,
      poke: rollouts.poke,
    }),
  );
  serve(deploymentApi, deploymentRoutes);
  serve(rolloutApi, rolloutHandlers(rollouts));
  serve(rulesApi, rulesHandlers({ ...robots, changed: rules.reload }));
  serve(publishApi, {
    ...uploadHandlers(artifacts),
    ...trustHandlers(store, signing),
    ...releaseHandlers(store),
    ...publishRoleHandlers({ store, artifacts, signing, checkBundle, wake: signals.wake, onPublished: deployByItself }),
  });
  const mayChange = changeLimit(clock, (robot) =>
    logger.warn({ robot }, 'this robot changes what it reports more often than it may'),
  );
  serve(robotApi, {
    ...enrolHandlers({ store, clock, presence, onAccepted: join, rootSha256: () => newestRoot(store) }),
    ...checkInHandlers({
      store,
      newId: assign.newId,
      factsOf: assign.factsOf,
      presence,
      settings,
      signing,
      outrun: outrunRobots(store, signing),
      calls,
      rules: rules.now,
      repair: (robot, orders, facts) => repairDifferences({ ...rollouts, mayChange }, robot, orders, facts),
      mayChange,
      reconcileAlarms: reconcileAlarms({ store, mayChange }),
      poke: engine.poke,
    }),
    ...reportHandlers({
      store,
      clock,
      newId: assign.newId,
      factsOf: assign.factsOf,
      floodLimit: floodLimit(clock),
      heard: (report) => {
        hearReport(presence, logger, report, clock.now());
        shareLearned();
      },
      onGap: (robot, seq) => logger.warn({ robot, seq }, 'reports before this one are missing here'),
      wake: signals.wake,
      poke: engine.poke,
    }),
  });
  serve(filesApi, { ...repositoryHandlers(store.metadata), ...blobHandlers({ artifacts, store }) });
  serve(healthApi, healthHandlers(checks, metrics));
  const document = openApi(V1);
  serve(docsApi, { openApi: async () => document });

  checks.register('store', () => store.ping().then(() => ({ ok: true, detail: `${store.database} answers` })));
  checks.register('blobs', () => artifacts.ready().then(() => ({ ok: true, detail: 'the blob store takes bytes' })));
  for (const disk of deps.disks ?? []) {
    // Anybody may ask for readiness; nobody makes this disk write more often.
    checks.register(`disk of ${disk.holds}`, remembered(diskCheck(disk), clock, 5 * SECOND));
  }
  checks.register('signals', async () => signals.verdict());
  checks.register('trust', () => trustVerdict(store, onlineKeys, clock));
  measureTrust(metrics, store);
  measureFleet(metrics, { presence, settings, clock });

  const fresh = await keepFresh(store, signing, onFailure);
  if (deps.engine !== 'by-hand') engine.start();
  const house = keepHouse({ store, artifacts, clock, presence, signals, logger, onFailure });
  return {
    app: fastify,
    drive: engine.tick,
    async stop() {
      fresh.stop();
      rules.stop();
      await engine.stop();
      await fastify.close();
      await house.stop();
      stopped.abort();
    },
  };
}

async function newestRoot({ metadata }: Store) {
  const root = await metadata.newest('root');
  return root && sha256Hex(root.text);
}
