/** What a robot costs in memory: known to the server with its inventory, heard once, and held in a long-poll. */
import { setTimeout as sleep } from 'node:timers/promises';
import { memoryOf } from '../agent/process-cost.ts';
import { checkIns } from './check-ins.ts';
import { exchange, openSocket, percentile, sendAll } from './http-load.ts';
import { checkIn } from './signed-requests.ts';
import type { World } from './world.ts';

export interface MemoryOfFleet {
  readonly name: string;
  readonly robots: number;
  readonly anonymousMb: number;
}

/** After a fresh start with that many robots' rows, and after each of them has spoken. */
export async function measureMemory(world: World, robots: number): Promise<MemoryOfFleet[]> {
  const look = async (name: string) => {
    await sleep(3000);
    return { name, robots: world.robots.length, anonymousMb: (await memoryOf(world.pid())).anonymous };
  };
  const empty = await look('started without robots');
  await world.grow(robots);
  const started = await look('started');
  await sendAll(world.url, checkIns(world, robots), { connections: 64 });
  return [empty, started, await look('each has checked in')];
}

export interface HeldOpen {
  readonly polls: number;
  readonly kbEach: number;
  /** Milliseconds from an operator's change to the answer of the robot it concerns. */
  readonly wakeMs: { readonly p50: number; readonly p99: number };
}

/** As many long-polls as files may be open; then some robots are changed and their answers timed. */
export async function measureLongPolls(world: World, most: number): Promise<HeldOpen> {
  const { url, pid, fleet } = world;
  const settings = await fleet.api.showSettings();
  await fleet.api.changeSettings({ body: { ...settings, longPollSec: 120, lateAfterSec: 180 } });
  const robots = world.robots.slice(0, most);
  const before = (await memoryOf(pid())).anonymous;
  const answered = new Map<string, Promise<number>>();
  const sockets = [];
  for (const robot of robots) {
    const socket = await openSocket(url);
    sockets.push(socket);
    const ask = exchange(socket)(checkIn(url, robot, { waitSec: 120 }));
    answered.set(
      robot.name,
      ask.then(
        () => performance.now(),
        () => Number.NaN,
      ),
    );
  }
  await sleep(3000);
  const kbEach = (((await memoryOf(pid())).anonymous - before) * 1024) / robots.length;
  const woken: number[] = [];
  for (const robot of robots.slice(0, 200)) {
    const from = performance.now();
    await fleet.api.changeRobot({ params: { robot: robot.name }, body: { labels: { floor: 'moved' } } });
    woken.push(((await answered.get(robot.name)) ?? Number.NaN) - from);
  }
  for (const socket of sockets) socket.destroy();
  await fleet.api.changeSettings({ body: settings });
  return { polls: robots.length, kbEach, wakeMs: { p50: percentile(woken, 0.5), p99: percentile(woken, 0.99) } };
}
