/**
 * The agent of one robot: recover first, then ask, obey and report, each in a loop of its own, until it is told
 * to stop. It starts with the server down, and no failure of a loop ends another.
 */
import type { Refusal } from '@fairlead/shared/failure';
import type { Activity } from '@fairlead/shared/fleet/robot-facts';
import type { AgentParts } from './agent-parts.ts';
import { enrolRobot } from './enrol/enrol-robot.ts';
import { pinRoot } from './enrol/pin-root.ts';
import { stayWatched, type WatchedDeps } from './lifeline/stay-watched.ts';
import { localHandlers } from './local-api/local-handlers.ts';
import type { LocalHandlers } from './local-api/serve-local-api.ts';
import { createDeliverLoop } from './outbox/deliver-loop.ts';
import { deliverOnce, type SendAgain } from './outbox/deliver-reports.ts';
import { OWN_COMPONENT } from './own-release/own-release.ts';
import { createQuestioner } from './poll/ask-for-assignment.ts';
import { createCheckInLoop } from './poll/check-in-loop.ts';
import { confirmBy } from './poll/confirm-switch.ts';
import { createEnforcer } from './poll/enforce-never-run.ts';
import { createObedience } from './poll/obey-assignment.ts';
import { type OpenDeps, openAnswer } from './poll/open-answer.ts';
import { verifyOrder } from './poll/verify-order.ts';

export interface Agent {
  /** Resolves after `stop` aborted and an update, if one runs, reached a moment at which it may be left. */
  run(stop: AbortSignal): Promise<void>;
  readonly local: LocalHandlers;
}

export function createAgent(parts: AgentParts): Agent {
  const { config, who, clock, trust, facts, spool, alarms, updater, monitor, bells, own, pulse, log } = parts;
  const onDefect = (error: unknown): void => log.error({ error: String(error) }, 'an update ended in a defect');

  const onSkew: OpenDeps['onSkew'] = ({ skewMs, isLarge }) =>
    isLarge ? alarms.raise(clockSkew(skewMs)) : alarms.resolve(clockSkew(skewMs));

  let storedReports: number | undefined;
  /** What is wrong with the robot itself, whatever it does. */
  const troubles = () =>
    [trust.trouble(), ...updater.damages(), deliveries.trouble()].filter((each) => each !== undefined);
  const obedience = createObedience({
    updater,
    outbox: spool,
    history: parts.history,
    verify: (order) =>
      verifyOrder(order, {
        environment: who.environment,
        trust,
        clock,
        facts,
        components: () => updater.components(),
        active: (component) => updater.active(component),
      }),
    onEnd: bells.checkIn.ring,
    onDefect,
  });
  const checkIns = createCheckInLoop({
    join: joinOnce(parts),
    questioner: createQuestioner({
      robot: who.robot,
      bootId: parts.bootId,
      client: parts.client,
      trust,
      facts,
      components: async () => monitor.withHealth(await updater.components()),
      activity: () => withTrouble(obedience.activity(), troubles()[0]),
      unsentReports: () => spool.count() + parts.chain.flight().length,
      acknowledgedReports: parts.chain.acknowledged,
      onReportsMissing: (stored) => {
        storedReports = stored;
        bells.delivery.ring();
      },
      metrics: () => parts.metrics.fresh(),
      monotonic: () => performance.now(),
    }),
    open: (answer) => openAnswer(answer, { identity: who, trust, clock, onSkew }),
    obedience,
    enforce: createEnforcer({ environment: who.environment, trust, updater, alarms }),
    overrides: config.checkIn,
    clock,
    random: Math.random,
    bell: bells.checkIn,
    pulse,
    log: (level, message, facts) => log[level](facts ?? {}, message),
  });
  parts.confirmation.connect(confirmBy(checkIns.askNow));
  const again: SendAgain = {
    kept: spool,
    takeStored: () => {
      const stored = storedReports;
      storedReports = undefined;
      return stored;
    },
    onMissing: (sentAgain) => {
      log.warn({ sentAgain }, 'the control plane has lost reports: it was restored from a backup');
      // Any report closes the gap; this one says that there is one.
      if (sentAgain === 0 && spool.count() + parts.chain.flight().length === 0) alarms.notify(REPORTS_LOST);
    },
  };
  const deliveries = createDeliverLoop({
    deliver: (failures, signal) =>
      deliverOnce({ robot: who.robot, spool, chain: parts.chain, client: parts.client, again }, failures, signal),
    bell: bells.delivery,
    pulse,
    random: Math.random,
    log: (level, message) => log[level](message),
  });
  const watched: WatchedDeps = {
    pulse,
    notifier: parts.notifier,
    loops: ['check-in', 'deliver'],
    // A new agent proves itself by the probation of its update and not by the time it was up.
    onProven: async () => {
      if (!(await own.isOnTrial())) await own.endTrial();
    },
    onOverdue: (loops) => log.error({ loops }, 'this agent does not get on: its watchdog is not fed any more'),
  };

  return {
    async run(stop) {
      if (parts.key.wasExposed) alarms.notify(EXPOSED_KEY);
      for (const finding of parts.findings) alarms.notify(finding);
      alarms.settle(({ category }) => category === FELL_BACK, own.passedOver.map(passedOver));
      const isOnTrial = await own.isOnTrial();
      const broken = new AbortController();
      const end = AbortSignal.any([stop, broken.signal]);
      // Not awaited: a recovery may take as long as an update, and a robot must be seen meanwhile.
      const recovered = updater.recover().catch((error: unknown) => {
        // The agent before can go on: one on trial that can't makes room for it.
        if (isOnTrial) broken.abort(error);
        else onDefect(error);
      });
      await Promise.all([checkIns.run(end), deliveries.run(end), monitor.run(end), stayWatched(watched, end)]);
      await updater.stop();
      await Promise.all([recovered, obedience.settled()]);
      broken.signal.throwIfAborted();
      await own.forgetThisStart();
    },
    local: localHandlers({ parts, checkIns, deliveries, activity: () => obedience.activity() }),
  };
}

/**
 * Enrols and pins once; until both worked, every check-in begins here. Resolves to why nothing can be believed: such a
 * robot still says how it is.
 */
function joinOnce(parts: AgentParts): () => Promise<Refusal | undefined> {
  const { config, key, client, facts, clock, trust, files } = parts;
  let { isEnrolled } = parts.who;
  let isPinned = false;
  return async () => {
    if (!isEnrolled) {
      await enrolRobot({ config, folder: parts.identityFolder, signer: key.signer, client, facts, clock });
      isEnrolled = true;
      parts.log.info({ robot: config.robot, fingerprint: key.signer.keyid }, 'this robot is enrolled');
    }
    // Looks, and by that tries a database again that could not be opened.
    const isPinnedAlready = trust.versions().root > 0;
    if (trust.trouble() || (isPinned && isPinnedAlready)) return trust.trouble();
    const pinned = await pinRoot({ trust, files, pin: config.trust });
    isPinned = pinned.ok;
    return pinned.ok ? undefined : pinned.refused;
  };
}

/** An idle robot that is unwell says so: nobody else would hear of it where its reports can't be delivered. */
const withTrouble = (activity: Activity, trouble: Refusal | undefined): Activity =>
  activity.state === 'idle' && trouble ? { ...activity, refusal: trouble } : activity;

const clockSkew = (skewMs: number) =>
  ({
    phase: 'check-in',
    element: 'system clock',
    category: 'clock_skew',
    detail: `The system clock is ${Math.round(skewMs / 1000)} s away from the director's signed time, which is used instead.`,
    retryable: true,
    hint: 'Check the robot’s time synchronisation (timedatectl) and its clock battery.',
  }) as const;

const FELL_BACK = 'agent_fell_back';
const passedOver = (why: string) =>
  ({
    phase: 'roll-back',
    component: OWN_COMPONENT,
    element: OWN_COMPONENT,
    category: FELL_BACK,
    detail: `The launcher started an older agent: ${why}.`,
    retryable: true,
    hint: 'Look at `journalctl -u fairlead-agent`, then deploy a sound release of fairlead-agent to this robot.',
  }) as const;

const REPORTS_LOST = {
  phase: 'report',
  element: 'reports',
  category: 'reports_lost',
  detail:
    'The control plane was restored from a backup, and this robot has not kept the reports that are missing there.',
  retryable: false,
  hint: 'Its present state is right. Resolve the alarms and end the orders that are open for it and that it has ended.',
} as const;
const EXPOSED_KEY = {
  phase: 'check-in',
  element: 'identity/robot.key',
  category: 'mode',
  detail: 'The robot’s key file could be read by other users of the robot. It is closed now.',
  retryable: false,
  hint: 'If others use this robot, enrol it again with a new key: fairlead-agent enroll --new-key.',
} as const;
