import { ComponentName } from '@fairlead/shared/ids';
import { withFractions } from '@fairlead/shared/testing/test-clock';
import { HOUR, MINUTE, SECOND } from '@fairlead/shared/time';
import fc from 'fast-check';
import { Parse } from 'typebox/value';
import { expect, test } from 'vitest';
import { windowPermission } from '../update/window-permission.ts';
import { createAgentClock } from './agent-clock.ts';

const COMPONENT = Parse(ComponentName, 'walking');
const BUILT = Date.UTC(2026, 10, 1);
const TRUE_TIME = Date.UTC(2026, 10, 21, 9);

function robotAt(wallTime: number) {
  const world = { wall: wallTime, monotonic: 5_000, floor: BUILT };
  const clock = createAgentClock({
    floor: {
      timeFloor: () => world.floor,
      raiseTimeFloor: (to) => {
        world.floor = Math.max(world.floor, to);
      },
    },
    wall: withFractions(() => world.wall),
    monotonic: withFractions(() => world.monotonic),
  });
  const hear = (time: number, roundTrip = 100) =>
    clock.believe({ time, askedAt: world.monotonic - roundTrip, answeredAt: world.monotonic });
  return { world, clock, hear };
}

test('a robot that boots in 1970 lives at its floor, not in 1970', () => {
  const { clock } = robotAt(0);
  expect([clock.now(), clock.trust()]).toEqual([BUILT, 'floor']);
});

test('a robot whose clock stands at 2100 takes the director’s time, and says so until its clock is set', () => {
  const { world, clock, hear } = robotAt(Date.UTC(2100, 0));
  const skew = { skewMs: Date.UTC(2100, 0) - TRUE_TIME, isLarge: true };
  expect([hear(TRUE_TIME), hear(TRUE_TIME)]).toEqual([skew, skew]);
  world.wall = TRUE_TIME + MINUTE;
  expect(hear(TRUE_TIME)).toEqual({ skewMs: MINUTE, isLarge: false });
  expect([clock.now(), clock.trust()]).toEqual([TRUE_TIME, 'director']);
});

test('director time is carried on by the monotonic clock', () => {
  const { world, clock, hear } = robotAt(TRUE_TIME);
  hear(TRUE_TIME);
  world.monotonic += 90 * MINUTE;
  world.wall = Date.UTC(2100, 0);
  expect(clock.now()).toBe(TRUE_TIME + 90 * MINUTE);
});

test('a robot that has the director’s time asks its update window without an error', async () => {
  const { world, clock, hear } = robotAt(0);
  hear(TRUE_TIME);
  world.monotonic += 1_234.567;
  const window = { from: '09:00', to: '11:00', zone: 'Europe/Berlin' };
  expect(await windowPermission(window, clock).ask(COMPONENT)).toEqual({ granted: true });
});

test('a clock set forward or back while the robot runs does not move the director’s time', () => {
  const { world, clock, hear } = robotAt(TRUE_TIME);
  hear(TRUE_TIME);
  for (const wall of [0, Date.UTC(2100, 0), TRUE_TIME - 5 * HOUR]) {
    world.wall = wall;
    world.monotonic += MINUTE;
  }
  expect([clock.now(), clock.trust()]).toEqual([TRUE_TIME + 3 * MINUTE, 'director']);
});

test('an answer that took ten seconds raises the floor but is not the time', () => {
  const { world, clock, hear } = robotAt(TRUE_TIME + HOUR);
  hear(TRUE_TIME, 10 * SECOND);
  expect([world.floor, clock.now(), clock.trust()]).toEqual([TRUE_TIME, TRUE_TIME + HOUR, 'system']);
});

const step = fc.oneof(
  fc.record({ ntp: fc.integer({ min: 0, max: Date.UTC(2200, 0) }) }),
  fc.record({ wait: fc.integer({ min: 0, max: 10 * HOUR }) }),
  fc.record({ heard: fc.integer({ min: 0, max: TRUE_TIME }), roundTrip: fc.integer({ min: 0, max: 60_000 }) }),
);
test('whatever NTP says, the floor never falls, never passes what was authenticated, and the time never falls below it', () => {
  fc.assert(
    fc.property(fc.array(step), (steps) => {
      const { world, clock, hear } = robotAt(0);
      let authenticated = BUILT;
      for (const each of steps) {
        const before = world.floor;
        if ('ntp' in each) world.wall = each.ntp;
        else if ('wait' in each) world.monotonic += each.wait;
        else {
          authenticated = Math.max(authenticated, each.heard);
          hear(each.heard, each.roundTrip);
        }
        expect(world.floor).toBeGreaterThanOrEqual(before);
        expect(world.floor).toBeLessThanOrEqual(authenticated);
        expect(clock.now()).toBeGreaterThanOrEqual(world.floor);
        expect(clock.now() % 1).toBe(0);
      }
    }),
  );
});
