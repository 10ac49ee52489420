/** A whole rollout: every robot is played by its number, asks, stages, waits for its grant, switches and reports. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { RobotId, RolloutId, Version } from '@fairlead/shared/ids';
import type { Assignment, ComponentOrder } from '@fairlead/shared/trust/assignment';
import { publishRelease } from '../../local-fleet/local-fleet.ts';
import { cpuMsOf } from '../agent/process-cost.ts';
import { type BenchRobot, COMPONENT, MANIFEST, VERSION } from './bench-fleet.ts';
import { type Answer, exchange, openSocket } from './http-load.ts';
import { askMeanwhile, type Question } from './questions.ts';
import { checkIn, reportChain } from './signed-requests.ts';
import type { World } from './world.ts';

export interface RolloutCost {
  readonly state: string;
  readonly robots: number;
  readonly seconds: number;
  readonly requests: number;
  readonly cpuSeconds: number;
  readonly questions: readonly Question[];
}
const NEXT = '2.0.0' as Version;
const SOCKETS = 64;
type Ask = (request: Buffer) => Promise<Answer>;

/** All robots together send so many requests a second, whoever has something to say. */
export async function measureRollout(
  world: World,
  { perSecond }: { readonly perSecond: number },
): Promise<RolloutCost> {
  const { fleet, url, pid, robots } = world;
  await publishRelease(fleet, { version: NEXT, policy: { seed: 2 } });
  const cpuBefore = await cpuMsOf(pid());
  const started = performance.now();
  const stages = [{ upTo: { percent: 1 } }, { upTo: { percent: 25 } }, { upTo: { percent: 100 } }];
  const { rollout } = await fleet.api.createRollout({
    body: {
      target: { all: true },
      component: COMPONENT,
      version: NEXT,
      environment: 'production',
      shape: { strategy: 'custom', stages },
      emergency: { reason: 'measured on a machine of nobody', skips: ['approval', 'limits', 'window'] },
    },
  });
  const meanwhile = askMeanwhile(world);
  const players = robots.map((robot) => player(url, robot));
  let requests = 0;
  let running = true;
  const begun = performance.now();
  // One by one, as robots come; those of 64 sockets at once would wait for each other.
  const inTurn = async () => {
    const early = begun + (requests++ / perSecond) * 1000 - performance.now();
    if (early > 1) await sleep(early);
  };
  const open = async (): Promise<Ask> => {
    const ask = exchange(await openSocket(url));
    return async (request) => {
      await inTurn();
      return ask(request);
    };
  };
  const asks = await Promise.all(Array.from({ length: SOCKETS }, open));
  const playing = asks.map(async (ask, socket) => {
    for (let at = socket; running; at = at + SOCKETS < players.length ? at + SOCKETS : socket) {
      const hasSaid = await players[at]?.(ask);
      // Those that have nothing to say any more leave the processor to the others.
      if (!hasSaid) await sleep(1);
    }
  });
  const state = await untilEnded(world, rollout);
  const seconds = (performance.now() - started) / 1000;
  running = false;
  await Promise.all(playing);
  const cpuSeconds = ((await cpuMsOf(pid())) - cpuBefore) / 1000;
  return { state, robots: robots.length, seconds, requests, cpuSeconds, questions: await meanwhile.stop() };
}

async function untilEnded({ fleet }: World, rollout: RolloutId): Promise<string> {
  for (let second = 0; second < 1800; second += 1) {
    const { state, stopped } = await fleet.api.showRollout({ params: { rollout } });
    if (state !== 'running' && state !== 'scheduled') return stopped ? `${state}: ${stopped.why.detail}` : state;
    await sleep(1000);
  }
  return 'not ended within half an hour';
}

/** One robot's next move; false once it has ended. */
function player(url: string, robot: BenchRobot): (ask: Ask) => Promise<boolean> {
  const report = reportChain(url, robot);
  let staged = false;
  let done = false;
  return async (ask) => {
    if (done) return false;
    const order = newOrder(await ask(checkIn(url, robot, { knownSeq: 1 })), robot.name);
    if (!order) return true;
    const progress = { deployment: order.deployment, component: order.component };
    if (!staged) {
      staged = true;
      await ask(report({ event: 'update-state', ...progress, state: 'downloading' }));
      await ask(report({ event: 'update-state', ...progress, state: 'waiting' }));
    }
    if (order.hold) {
      await ask(checkIn(url, robot, { knownSeq: 1, activity: { state: 'waiting', ...progress, ready: true } }));
      return true;
    }
    await ask(report({ event: 'update-state', ...progress, state: 'switching' }));
    const active = { version: order.target.version, manifestSha256: order.target.sha256 };
    const previous = { version: VERSION, manifestSha256: MANIFEST };
    await ask(report({ event: 'update-ended', ...progress, outcome: 'succeeded', active, previous }));
    done = true;
    return true;
  };
}

function newOrder({ status, body }: Answer, robot: RobotId): ComponentOrder | undefined {
  if (status !== '200') throw new Error(`${robot} was answered ${status}: ${body.toString()}`);
  const { assignment } = JSON.parse(body.toString()) as { assignment?: { payload: string } };
  if (!assignment) return undefined;
  const { components } = JSON.parse(Buffer.from(assignment.payload, 'base64').toString()) as Assignment;
  return components.find(({ target }) => target.version === NEXT);
}
