/** What goes wrong by itself, until the world heals: on every robot, and with the server. */
import { MINUTE, SECOND } from '@fairlead/shared/time';
import type { VirtualRobot } from '../robot/robot-handle.ts';
import { type Chance, chanceOf } from './chance.ts';
import { begin, type World } from './world.ts';

/** Robots lose power and network, and their applications take leases. */
export function beginMishaps(world: World, robot: VirtualRobot): void {
  const { agenda, healsAt, faults } = world;
  const often = (name: string, every: () => number, act: (chance: Chance) => void): void => {
    const chance = chanceOf(world.seed, name, robot.traits.name);
    begin(world, async () => {
      for (;;) {
        const pause = chance.waiting(every());
        if (!(agenda.now() + pause < healsAt)) return;
        await agenda.sleep(pause);
        act(chance);
      }
    });
  };
  const within = (ms: number): number => Math.min(ms, healsAt - agenda.now());
  often(
    'reboots',
    () => faults().rebootEvery,
    (chance) => robot.cutPower(within(chance.between(10 * SECOND, 5 * MINUTE))),
  );
  often(
    'line',
    () => faults().offlineEvery,
    (chance) => {
      world.injected('robot offline');
      robot.cutLine(agenda.now() + within(chance.waiting(faults().offlineFor)));
    },
  );
  often(
    'clock',
    () => faults().clockJumpEvery,
    (chance) => {
      world.injected('clock jump');
      robot.jumpClock(chance.between(-1, 1) * faults().skewMost + chance.next());
    },
  );
  often(
    'lease',
    () => faults().leaseEvery,
    (chance) => {
      world.injected('busy lease');
      robot.takeLease({
        owner: 'navigation',
        from: agenda.now(),
        until: agenda.now() + within(chance.waiting(faults().leaseFor)),
      });
    },
  );
}

/** The most questions to its database after which a server that is to die has died. */
const DEADLINE_QUESTIONS = 600;

/** The server is killed in the middle of something, or restarted in order, and comes back on the same file. */
export function beginServerDeaths(world: World): void {
  const { agenda, server, healsAt, faults, chronicle } = world;
  const chance = chanceOf(world.seed, 'server');
  begin(world, async () => {
    for (;;) {
      const pause = chance.waiting(faults().serverDiesEvery);
      if (!(agenda.now() + pause < healsAt)) return;
      await agenda.sleep(pause);
      if (chance.happens(0.25)) {
        world.injected('server restarted');
        chronicle.note('server', 'stops in order');
        await server.stop();
      } else {
        world.injected('server killed');
        server.killAfter(chance.whole(DEADLINE_QUESTIONS));
        while (!server.hasDied()) await agenda.sleep(0.2 * SECOND);
        chronicle.note('server', 'is killed');
        await server.bury();
      }
      await agenda.sleep(chance.waiting(faults().serverAwayFor));
      await server.start();
      chronicle.note('server', 'is back');
    }
  });
}
