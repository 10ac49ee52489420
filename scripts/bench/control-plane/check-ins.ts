/** Check-ins of a whole fleet: how many a core carries, and how long an answer takes. */
import { cpuMsOf, mainThreadMsOf } from '../agent/process-cost.ts';
import { type Load, percentile, sendAll } from './http-load.ts';
import { checkIn } from './signed-requests.ts';
import type { World } from './world.ts';

export interface Throughput {
  readonly name: string;
  readonly connections: number;
  readonly perSecond: number;
  /** Processor of the server for one answer. */
  readonly cpuMs: number;
  /** Of which on the thread that runs the event loop: what one process can't exceed. */
  readonly loopMs: number;
  readonly p50: number;
  readonly p99: number;
  readonly most: number;
  readonly answers: Load['answers'];
}

export async function measureLoad(
  name: string,
  { url, pid }: World,
  requests: readonly Buffer[],
  rate: Parameters<typeof sendAll>[2],
): Promise<Throughput> {
  const before = { cpu: await cpuMsOf(pid()), loop: await mainThreadMsOf(pid()) };
  const { answers, latencies, seconds } = await sendAll(url, requests, rate);
  const cpuMs = ((await cpuMsOf(pid())) - before.cpu) / requests.length;
  const loopMs = ((await mainThreadMsOf(pid())) - before.loop) / requests.length;
  return {
    name,
    connections: rate.connections,
    perSecond: requests.length / seconds,
    cpuMs,
    loopMs,
    p50: percentile(latencies, 0.5),
    p99: percentile(latencies, 0.99),
    most: percentile(latencies, 1),
    answers,
  };
}

/** `count` check-ins, robot by robot, signed now. */
export const checkIns = ({ url, robots }: World, count: number): Buffer[] =>
  Array.from({ length: count }, (_, at) => {
    const robot = robots[at % robots.length];
    if (!robot) throw new Error('there are no robots');
    return checkIn(url, robot);
  });

/** First as many as the server takes, then at the pace of real fleets. */
export async function measureCheckIns(world: World, seconds: number): Promise<Throughput[]> {
  // Compiled, cached and grown before anything is counted; and it says how many fit into the time.
  const warm = await measureLoad('', world, checkIns(world, 4000), { connections: 64 });
  const told: Throughput[] = [];
  for (const connections of [64, 256]) {
    const requests = checkIns(world, Math.ceil(warm.perSecond * seconds));
    told.push(await measureLoad('as fast as they go', world, requests, { connections }));
  }
  for (const perSecond of [333, 1000]) {
    const requests = checkIns(world, perSecond * seconds);
    told.push(await measureLoad(`${perSecond} per second`, world, requests, { connections: 64, perSecond }));
  }
  return told;
}
