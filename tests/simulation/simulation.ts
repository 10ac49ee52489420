/**
 * A fleet, its control plane and a rough world, in virtual time and out of one seed. The control plane is the real one
 * over its real HTTP stack; the robots sign, verify and obey as the agent does; only work and weather are made up.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TransportRequest } from '@fairlead/shared/api/client';
import type { Role } from '@fairlead/shared/api/route';
import type { Target } from '@fairlead/shared/fleet/target';
import type { EnvironmentName, RobotId, Sha256 } from '@fairlead/shared/ids';
import { HOUR, MINUTE, SECOND } from '@fairlead/shared/time';
import { nativeSigner } from '@fairlead/shared/trust/native-signer';
import { directorKeys } from '@fairlead/shared/trust/repository';
import type { DirectorKeys } from '@fairlead/shared/trust/targets';
import { auditReports, auditRest, auditVerdicts } from './invariants/audit-reports.ts';
import { createChecks, type Violation } from './invariants/checks.ts';
import { createGroundTruth } from './invariants/ground-truth.ts';
import type { VirtualRobot } from './robot/robot-handle.ts';
import type { Outcome, SimulationOptions, Stage } from './stage.ts';
import { type Agenda, createAgenda } from './world/agenda.ts';
import { chanceOf } from './world/chance.ts';
import { createChronicle } from './world/chronicle.ts';
import { CALM, faultsOf } from './world/faults.ts';
import { joinFleet } from './world/fleet.ts';
import { beginMishaps, beginServerDeaths } from './world/mishaps.ts';
import { faultyLine } from './world/network.ts';
import { hoursFor, paceOf } from './world/pace.ts';
import { createPerson } from './world/people.ts';
import { openPublisher } from './world/publisher.ts';
import { createServer, type Server } from './world/server.ts';
import { swarmOf } from './world/swarm.ts';
import { createWindowBook } from './world/window-book.ts';
import { begin, GOOD, type Release, type World } from './world/world.ts';

const START = Date.parse('2026-11-21T06:00:00Z');
/** A real server drives its rollouts every second, and at once after a report. */
const DRIVE_EVERY = 3 * SECOND;
const ENVIRONMENT: EnvironmentName = 'development';

export async function simulate(options: SimulationOptions): Promise<Outcome> {
  const started = performance.now();
  const folder = await mkdtemp(join(options.folder ?? (await memoryFolder()), 'fairlead-simulation-'));
  const agenda = createAgenda(START);
  const log: string[] = [];
  const fleet = new Map<RobotId, VirtualRobot>();
  const keys = chanceOf(options.seed, 'online keys');
  const signer = () => nativeSigner(keys.bytes(32));
  const server = createServer({
    agenda,
    folder,
    onlineKeys: { snapshot: signer(), timestamp: signer(), director: signer() },
    log: (line) => void log.push(line),
    onWake: (robots) => {
      for (const robot of robots === 'all' ? fleet.keys() : robots) {
        const woken = fleet.get(robot);
        if (woken) agenda.plan(agenda.now() + 1, woken.wake);
      }
    },
  });
  try {
    return await live({ ...options, agenda, server, folder, fleet, log, started });
  } finally {
    await server.end();
    await rm(folder, { recursive: true, force: true });
  }
}

interface Living extends SimulationOptions {
  readonly agenda: Agenda;
  readonly server: Server;
  readonly folder: string;
  readonly fleet: Map<RobotId, VirtualRobot>;
  readonly log: readonly string[];
  readonly started: number;
}

async function live(order: Living): Promise<Outcome> {
  const { seed, robots, agenda, server, fleet, hours = hoursFor(robots), story } = order;
  const { swarm = swarmOf(seed) } = order;
  const { faults: profile = faultsOf(swarm) } = order;
  const pace = paceOf(robots);
  const { checkInSec } = pace;
  const end = START + 1.5 * hours * HOUR;
  const healsAt = START + hours * HOUR;
  let failure: Error | undefined;
  const defect = (error: unknown): void => {
    failure ??= error instanceof Error ? error : new Error(String(error));
  };
  const checks = createChecks(defect, order.judges);
  const chronicle = createChronicle(agenda.now);
  const truth = createGroundTruth({ agenda, chronicle, checks, fleet, mutant: order.mutant });
  const faults = new Map<string, number>();
  const releases = new Map<Sha256, Release>();
  let director: DirectorKeys | undefined;
  const world: World = {
    seed,
    agenda,
    server,
    chronicle,
    truth,
    swarm,
    checks,
    releases,
    director: () => {
      if (!director) throw new Error('there is no director yet');
      return director;
    },
    environment: ENVIRONMENT,
    pace,
    mutant: order.mutant,
    faults: () => (agenda.now() < healsAt ? profile : CALM),
    healsAt,
    endsAt: end,
    injected: (fault) => void faults.set(fault, (faults.get(fault) ?? 0) + 1),
    defect,
  };
  const tell = (says: string): void => {
    chronicle.note('world', says);
    order.onLine?.({ at: agenda.now(), says });
  };

  begin(world, async () => {
    await server.start();
    const person = (name: string, role: Role, isBeside = false) => {
      const chance = chanceOf(seed, name);
      // Ten thousand robots are taken in before the story begins: that costs no time of it.
      if (isBeside) {
        const transport = (request: TransportRequest) => server.exchange(request, '192.0.2.3');
        return createPerson({ name, role, server, agenda, chance, transport });
      }
      const line = { agenda, server, chance, faults: world.faults, isCut: () => false, from: '192.0.2.1' };
      const transport = faultyLine({ ...line, injected: world.injected });
      return createPerson({ name, role, server, agenda, chance, transport });
    };
    const admin = await person('mara', 'admin');
    const operators = [await person('ines', 'operator'), await person('tomas', 'operator')] as const;
    const registrar = await person('olga', 'operator', true);
    const auditor = await person('vera', 'viewer', true);
    const publisher = await agenda.during(
      openPublisher({
        folder: order.folder,
        agenda,
        chance: chanceOf(seed, 'publisher'),
        transport: (request) => server.exchange(request, '192.0.2.2'),
        token: admin.token,
        environment: ENVIRONMENT,
      }),
    );
    const publish: Stage['publish'] = async (...what) => {
      const release = await publisher.publish(...what);
      releases.set(release.manifestSha256, release);
      return release;
    };
    const first = await publish('1.0.0', GOOD);
    director = directorKeys(publisher.director, agenda.now());
    await admin.must((api) =>
      api.changeSettings({
        body: {
          checkInIntervalSec: checkInSec,
          checkInJitterSec: Math.ceil(checkInSec / 5),
          longPollSec: 0,
          lateAfterSec: checkInSec * 3,
          offlineAfterSec: checkInSec * 6,
        },
      }),
    );
    const meantBy: Stage['meantBy'] = (target) =>
      [...fleet.values()].filter((robot) => isMeant(target, robot)).map(({ traits }) => traits.name);
    const permitted: { readonly target: Target; readonly release: Sha256; readonly named: boolean }[] = [];
    let index = 0;
    const join_ = async (): Promise<VirtualRobot> => {
      index += 1;
      const robot = await joinFleet(world, index, { first, operator: registrar, faults: profile });
      fleet.set(robot.traits.name, robot);
      return robot;
    };
    const stage: Stage = {
      world,
      operators,
      admin,
      auditor,
      interval: checkInSec * SECOND,
      publisher,
      publish,
      fleet,
      checks,
      tell,
      begin: (work) => begin(world, work),
      meantBy,
      permit(target, release, how) {
        permitted.push({ target, release, named: how === 'named' });
        truth.orders(release, meantBy(target));
        if (how === 'named') truth.names(release, meantBy(target));
      },
      decommissioned: new Set(),
      unlimited: new Set(),
      windows: createWindowBook(agenda.now),
      join: async () => {
        const robot = await join_();
        for (const { target, release, named } of permitted) {
          if (!isMeant(target, robot)) continue;
          truth.orders(release, [robot.traits.name]);
          if (named) truth.names(release, [robot.traits.name]);
        }
        robot.boot();
        beginMishaps(world, robot);
        return robot;
      },
    };
    staged = stage;
    while (fleet.size < robots) await join_();
    tell(`${robots} robots have joined and run 1.0.0`);
    const spread = chanceOf(seed, 'spread');
    for (const robot of fleet.values()) {
      agenda.plan(agenda.now() + spread.between(0, checkInSec * 1000), () => robot.boot());
      beginMishaps(world, robot);
    }
    beginServerDeaths(world);
    begin(world, async () => {
      for (;;) {
        await agenda.sleep(DRIVE_EVERY);
        await server.drive();
      }
    });
    begin(world, () => story.begin(stage));
  });
  let staged: Stage | undefined;
  const checkIns = () => [...fleet.values()].reduce((sum, robot) => sum + robot.checkIns(), 0);

  let hasEnded = false;
  let isCut = false;
  const isHalted = () => {
    if (failure !== undefined) return true;
    isCut ||= order.isOutOfTime?.() === true;
    return isCut;
  };
  const STEP = 5 * MINUTE;
  // A large fleet takes its time; what never comes to its end is found by the last look at everything.
  const latest = end + 2 * hours * HOUR;
  for (let at = START; at < latest && !isHalted(); at += STEP) {
    await agenda.runUntil(at + STEP, isHalted);
    const share = Math.min(1, (at + STEP - START) / (end - START));
    order.onProgress?.({ share, now: agenda.now(), checkIns: checkIns() });
    if (at + STEP >= end && (await isAtRest(server, fleet))) break;
  }
  begin(world, async () => {
    if (isCut) return;
    for (const robot of fleet.values()) {
      await auditReports(server, robot, checks, robot.isOnline());
      await auditVerdicts(server, robot, checks);
      if (robot.isUp()) auditRest(robot, checks);
    }
    if (staged) await story.atEnd?.(staged);
    hasEnded = true;
  });
  await agenda.runUntil(agenda.now() + 2 * HOUR, () => isHalted() || hasEnded);
  if (!hasEnded && !isCut) defect(new Error('the last look at everything did not end'));
  const concerned = (failure as Violation | undefined)?.robot;
  return {
    seed,
    robots: fleet.size,
    hash: chronicle.hash(),
    events: chronicle.count(),
    checkIns: checkIns(),
    swarm,
    switches: truth.switched(),
    outcomes: truth.outcomes,
    faults,
    checks: checks.counts(),
    virtualMs: agenda.now() - START,
    realMs: performance.now() - order.started,
    isCut,
    rssMb: Math.round(process.memoryUsage.rss() / 1e6),
    ...(failure && {
      failure: {
        error: failure,
        lastEvents: concerned === undefined ? chronicle.lastOf('world') : chronicle.lastOf(concerned),
        serverLog: order.log.slice(-5),
      },
    }),
  };
}

/** Which robots a target means. */
function isMeant(target: Target, { traits }: VirtualRobot): boolean {
  if ('robot' in target) return traits.name === target.robot;
  if ('group' in target) return traits.group === target.group;
  if ('selector' in target) return target.selector === `site=${traits.labels['site']}`;
  return 'all' in target;
}

/** Every rollout has ended, no robot is at work, and everything that was told has arrived. */
async function isAtRest(server: Server, fleet: ReadonlyMap<RobotId, VirtualRobot>): Promise<boolean> {
  const isIdle = ({ disk }: VirtualRobot) =>
    disk.journal === undefined && disk.queue.length === 0 && disk.flight.length === 0;
  return [...fleet.values()].every(isIdle) && (await server.running().store.rollouts.active()).length === 0;
}

/** A folder in memory, where the machine has one: a database that is flushed for every check-in needs no disk here. */
async function memoryFolder(): Promise<string> {
  const { existsSync } = await import('node:fs');
  return existsSync('/dev/shm') && process.env['TMPDIR'] === undefined ? '/dev/shm' : tmpdir();
}
