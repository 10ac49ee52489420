/**
 * Every robot of the fleet, by name, in pages: whoever looks at a hundred thousand of them lets others be answered
 * in between.
 */
import { setImmediate } from 'node:timers/promises';
import type { RobotId } from '@fairlead/shared/ids';
import type { RobotRecord, Robots } from '../store/robots.ts';

const PAGE = 200;

export async function* eachRobot(robots: Robots, after?: RobotId): AsyncGenerator<RobotRecord> {
  let last = after;
  while (true) {
    const page = await robots.page(last, PAGE);
    yield* page;
    if (page.length < PAGE) return;
    last = page.at(-1)?.robot;
    await setImmediate();
  }
}
