/**
 * One robot: real signed requests, real signed answers, the agent's own obedience, journey and delivery; around them a
 * life that power cuts end, a line that breaks, an application that takes leases, and a clock that may be wrong.
 */
import { createAgentClock } from '@fairlead/agent/clock/agent-clock';
import { alwaysSafe } from '@fairlead/agent/conditions/safe-state';
import { deliverOnce } from '@fairlead/agent/outbox/deliver-reports';
import { confirmBy } from '@fairlead/agent/poll/confirm-switch';
import { createObedience } from '@fairlead/agent/poll/obey-assignment';
import { pauseAfterAnswer, pauseAfterFailure } from '@fairlead/agent/poll/pace';
import { type Heard, questionsInWaiting } from '@fairlead/agent/poll/questions-in-waiting';
import { createRequestSigner } from '@fairlead/agent/poll/request-signer';
import { noHistory } from '@fairlead/agent/update-history/update-history';
import { createClient } from '@fairlead/shared/api/client';
import { robotApi } from '@fairlead/shared/api/robot-api';
import { accept, refuse } from '@fairlead/shared/failure';
import type { Activity } from '@fairlead/shared/fleet/robot-facts';
import { withFractions } from '@fairlead/shared/testing/test-clock';
import { MINUTE, SECOND } from '@fairlead/shared/time';
import { openAssignment } from '@fairlead/shared/trust/open-assignment';
import { chanceOf } from '../world/chance.ts';
import { faultyLine, swallowReports } from '../world/network.ts';
import { COMPONENT } from '../world/publisher.ts';
import { SERVER_URL } from '../world/server.ts';
import { begin, type World } from '../world/world.ts';
import { afterCommit, drawFate } from './after-commit.ts';
import { diskChain, diskSpool, freshDisk } from './disk.ts';
import { beginLife, createBell, type Life } from './life.ts';
import { asMutantReads, claimedSlots } from './mutants.ts';
import { type Lease, NOTHING_TO_SAY, ownSay } from './own-say.ts';
import type { VirtualRobot } from './robot-handle.ts';
import { refusal, virtualSteps } from './steps.ts';
import type { Traits } from './traits.ts';
import { isNetwork, sayEvent, verify } from './verify.ts';
import { slots, virtualUpdater } from './virtual-updater.ts';

/** What was reported that long before the last answer may still be what the server stored last. */
const STORED_LATE = MINUTE;

export function createRobot(world: World, traits: Traits): VirtualRobot {
  const { agenda, chronicle } = world;
  const disk = freshDisk();
  const { chance, name: robot } = traits;
  let life: Life | undefined;
  let boots = 0;
  let checkIns = 0;
  let lastAnswered = 0;
  let offlineUntil = 0;
  let lease: Lease | undefined;
  let retired = false;
  let onlineSince: number | undefined;
  let skewMs = traits.skewMs;
  let trustedTimeSince: number | undefined;
  /** Since the last answer: a reply may be lost although the server knows the check-in. */
  let reported: { readonly at: number; readonly activity: Activity }[] = [];
  let activityNow: () => Activity = () => ({ state: 'idle' });
  let stir: () => void = () => {};
  let ask: () => void = () => {};
  const isCut = () => agenda.now() < offlineUntil;
  const line = faultyLine({
    agenda,
    server: world.server,
    chance: chanceOf(world.seed, 'line', robot),
    faults: world.faults,
    isCut,
    from: traits.from,
    injected: world.injected,
    ...(world.mutant === 'swallowed-reports' && { impostor: swallowReports }),
  });

  const live = (now: Life): void => {
    boots += 1;
    const bootId = `boot-${boots}`;
    const bornAt = agenda.now();
    const monotonic = withFractions(() => agenda.now() - bornAt);
    const bells = { checkIn: createBell(), delivery: createBell() };
    const waiters = questionsInWaiting();
    const { sleep } = now;
    const clock = createAgentClock({
      floor: {
        timeFloor: () => disk.floor,
        raiseTimeFloor: (to) => {
          disk.floor = to;
        },
      },
      wall: withFractions(() => agenda.now() + skewMs),
      monotonic,
    });
    trustedTimeSince = undefined;
    const confirming = confirmBy((signal) => {
      const heard = waiters.add(signal);
      bells.checkIn.ring();
      return heard;
    });
    const signing = createRequestSigner({
      signer: traits.signer,
      clock,
      transport: (request) => now.bound(line(request)),
      monotonic,
    });
    const client = createClient(robotApi, { baseUrl: SERVER_URL, transport: signing.transport });
    const chain = diskChain(disk, robot, traits.signer);
    const spool = diskSpool(disk, {
      now: () => clock.now(),
      clockTrust: () => clock.trust(),
      bootId,
      onAppend: (event) => {
        chronicle.note(robot, `tells ${sayEvent(event)}`);
        bells.delivery.ring();
      },
    });
    let told = false;
    let agreed = { intervalSec: 30, jitterSec: 5, waitSec: 0 };

    /** One question and its answer; rejects as the client does. */
    const checkIn = async (): Promise<Heard> => {
      const nonce = Buffer.from(chance.bytes(16)).toString('hex');
      const askedAt = monotonic();
      const activity = activityNow();
      const sent = { at: agenda.now(), activity };
      reported.push(sent);
      const reply = await client.checkIn({
        params: { robot },
        body: {
          nonce,
          bootId,
          agentVersion: '0.1.0',
          knownSeq: disk.last?.seq ?? 0,
          waitSec: 0,
          components: disk.active
            ? [
                {
                  component: COMPONENT,
                  ...slots(disk),
                  ...claimedSlots(world),
                  ...(disk.health && { health: disk.health }),
                },
              ]
            : [],
          activity,
          ...metricsOf(),
          trust: { root: 1, timestamp: 1, snapshot: 1, role: 1 },
          ...(told ? {} : { inventory: traits.inventory }),
          unsentReports: spool.count() + chain.flight().length,
          understands: ['hold'],
        },
      });
      told = true;
      reported = reported.filter(({ at }) => at >= sent.at - STORED_LATE);
      checkIns += 1;
      agreed = reply.next;
      if (!reply.assignment) return refuse(refusal('check-in', 'no_assignment', `It is ${reply.lifecycle}.`));
      const answeredAt = monotonic();
      const opened = openAssignment({
        envelope: reply.assignment,
        directorKeys: world.director(),
        robot,
        environment: world.environment,
        nonce,
        last: disk.last,
        now: clock.now(),
        ...(answeredAt - askedAt < 10 * SECOND && { floor: disk.floor }),
      });
      const agrees = opened.ok || !opened.refused.detail.includes('with other content');
      world.checks.expect(
        'one-seq-one-content',
        agrees,
        () => `${robot}: ${opened.ok || opened.refused.detail}`,
        robot,
      );
      if (!opened.ok) {
        // It was too long on its way.
        if (opened.refused.code === 'expired') return refuse(refusal('check-in', 'expired', opened.refused.detail));
        throw new Error(`${robot} got an answer it can't believe: ${opened.refused.detail}`);
      }
      const { desiredSha256, issuedAt } = opened.value;
      const assignment = asMutantReads(world.mutant, opened.value.assignment);
      disk.last = { seq: assignment.seq, sha256: desiredSha256 };
      clock.believe({ time: issuedAt, askedAt, answeredAt });
      lastAnswered = agenda.now();
      if (clock.trust() === 'director') trustedTimeSince ??= lastAnswered;
      await obedience.obey({ assignment });
      return accept({ assignment });
    };
    const steps = virtualSteps({
      world,
      traits,
      disk,
      life: now,
      chance,
      sleep,
      safeState: alwaysSafe,
      permission:
        world.mutant === 'blind-to-leases'
          ? NOTHING_TO_SAY
          : ownSay(traits, () => lease, { now: clock.now, elapsed: agenda.now }),
      confirmation: {
        async ask(question) {
          const askedAt = agenda.now();
          const confirmed = await confirming.ask(question);
          if (confirmed.ok) world.truth.confirmed(robot, question.deployment, askedAt);
          return confirmed;
        },
      },
      onCommit: ({ deployment, candidate }) => {
        const temper = world.releases.get(candidate.manifestSha256)?.temper;
        if (temper) drawFate({ world, disk, chance, temper, deployment, release: candidate.manifestSha256 });
        begin(world, () => after.follow());
      },
      tell: ({ deployment, component, refusal: why, outcome = 'failed' }) => {
        if (spool.hasEnded(deployment)) return;
        spool.append({
          event: 'update-ended',
          deployment,
          component,
          outcome,
          ...slots(disk),
          ...(why && { refusal: why }),
        });
        world.truth.ended(robot, deployment, outcome);
      },
    });
    const metricsOf = () => {
      const release = disk.active && world.releases.get(disk.active.manifestSha256);
      return release ? { metrics: { inference_latency_p95_ms: release.temper.latencyMs } } : {};
    };
    const updater = virtualUpdater({
      disk,
      clock,
      sleep,
      onReadiness: bells.checkIn.ring,
      random: chance.next,
      outbox: spool,
      steps,
      onStep: ({ step }) => {
        chronicle.note(robot, `begins ${step}`);
        if (agenda.now() < world.healsAt && chance.happens(world.faults().cutInStep)) {
          const outFor = chance.between(5, 120) * SECOND;
          void now.sleep(chance.between(0, 30) * SECOND).then(() => self.cutPower(outFor));
        }
      },
    });
    const obedience = createObedience({
      updater,
      outbox: spool,
      history: noHistory,
      verify: async (order) => verify(world, traits, disk, order),
      onEnd: bells.checkIn.ring,
      onDefect: world.defect,
    });
    activityNow = obedience.activity;
    stir = updater.reconsider;
    ask = bells.checkIn.ring;

    const askForEver = async (): Promise<void> => {
      for (let failures = 0; ; ) {
        const rung = bells.checkIn.rung();
        const asking = waiters.asking();
        let pause: number;
        try {
          asking.settle(await checkIn());
          failures = 0;
          pause = pauseAfterAnswer(agreed, 0, chance.next);
        } catch (error) {
          if (!isNetwork(error)) throw error;
          failures += 1;
          pause = pauseAfterFailure(failures, error, chance.next);
          asking.settle(refuse(refusal('check-in', 'unreachable', 'Nobody answered.')));
        }
        await Promise.race([now.sleep(pause), rung]);
      }
    };
    const deliverForEver = async (): Promise<void> => {
      for (let failures = 0; ; ) {
        const rung = bells.delivery.rung();
        try {
          const left = await deliverOnce({ robot, spool, chain, client }, failures);
          failures = 0;
          if (left === 0) world.truth.delivered(robot);
          if (left === 0) await rung;
          await now.sleep(world.pace.gatherMs);
        } catch (error) {
          if (!isNetwork(error)) throw error;
          failures += 1;
          await now.sleep(pauseAfterFailure(failures, error, chance.next));
        }
      }
    };
    const after = afterCommit({ world, robot, disk, life: now, spool, cutLine: self.cutLine });
    begin(world, () => after.follow());
    begin(world, () => updater.recover());
    begin(world, askForEver);
    begin(world, deliverForEver);
  };

  const self: VirtualRobot = {
    traits,
    disk,
    boot() {
      if (life || retired) return;
      if (!isCut()) onlineSince = agenda.now();
      life = beginLife(agenda);
      live(life);
    },
    cutPower(ms) {
      if (!life) return;
      world.injected(disk.journal ? `power cut in ${disk.journal.step}` : 'power cut');
      chronicle.note(robot, `loses power in ${disk.journal?.step ?? 'idleness'}`);
      life.end();
      life = undefined;
      onlineSince = undefined;
      activityNow = () => ({ state: 'idle' });
      agenda.plan(agenda.now() + ms, self.boot);
    },
    cutLine(until) {
      offlineUntil = Math.max(offlineUntil, until);
      onlineSince = undefined;
      chronicle.note(robot, 'loses its network');
      agenda.plan(offlineUntil, () => {
        if (life && !isCut()) onlineSince ??= agenda.now();
      });
    },
    takeLease(taken) {
      lease = taken;
      chronicle.note(robot, 'is leased');
      stir();
      agenda.plan(taken.until, () => stir());
    },
    lease: () => lease,
    wake() {
      if (life && !isCut()) ask();
    },
    isUp: () => life !== undefined,
    isOnline: () => life !== undefined && !isCut(),
    retire() {
      retired = true;
      life?.end();
      life = undefined;
      onlineSince = undefined;
    },
    activity: () => activityNow(),
    lastAnswered: () => lastAnswered,
    checkIns: () => checkIns,
    onlineSince: () => onlineSince,
    reported: () => reported.map(({ activity: of }) => of),
    trustedTimeSince: () => trustedTimeSince,
    jumpClock(ms) {
      skewMs += ms;
      chronicle.note(robot, `has its system clock stepped by ${Math.round(ms / SECOND)} s`);
    },
  };
  return self;
}
