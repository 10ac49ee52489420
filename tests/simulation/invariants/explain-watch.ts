/** Asks why nothing happens, of robots picked by chance, and holds the answer against the world. */
import { isTerminal } from '@fairlead/shared/fleet/states';
import type { RobotId } from '@fairlead/shared/ids';
import { SECOND } from '@fairlead/shared/time';
import { askWindow } from '@fairlead/shared/update/window';
import type { VirtualRobot } from '../robot/robot-handle.ts';
import type { Stage } from '../stage.ts';
import { chanceOf } from '../world/chance.ts';
import type { Person } from '../world/people.ts';

/** Robots asked at each look. */
const ASKED = 12;
/** So many looks with the same sentence of a robot that nothing blocks are too many. */
const PATIENCE = 4;
const SLACK = 15 * SECOND;

interface Told {
  readonly sentence: string;
  readonly times: number;
}

export function watchExplanations(stage: Stage, auditor: Person): { look(): Promise<void> } {
  const { world, checks, fleet, interval } = stage;
  const { agenda } = world;
  const chance = chanceOf(world.seed, 'explain');
  /** Robots that were said to get on, until they did. */
  const watched = new Map<RobotId, Told>();

  const isTrue = (robot: VirtualRobot, category: string | undefined, sentence: string): boolean => {
    const heardAt = robot.lastAnswered();
    if (sentence.includes(' is offline')) return agenda.now() - heardAt >= interval * 6 - SLACK;
    const lease = robot.lease();
    if (category === 'lease')
      return lease !== undefined && lease.from <= agenda.now() && lease.until >= heardAt - SLACK;
    const { window } = robot.traits;
    if (category === 'outside_window' && sentence.includes('own window')) {
      return window !== undefined && !askWindow(window, Math.max(0, heardAt - SLACK)).open;
    }
    return true;
  };

  return {
    async look() {
      if (!world.server.isUp()) return;
      const names = [...fleet.keys()];
      const picked = new Set(watched.keys());
      for (let more = ASKED; more > 0; more -= 1) {
        const name = names[chance.whole(names.length)];
        if (name !== undefined) picked.add(name);
      }
      for (const name of picked) {
        const robot = fleet.get(name);
        if (!robot) continue;
        const told = await auditor.must((api) => api.explainRobot({ params: { robot: name } }));
        const { sentence, blocked, refusal } = told;
        const truth = isTrue(robot, refusal?.category, sentence);
        const lease = robot.lease();
        const says = () =>
          `"${sentence}" (${refusal?.category}), but it was heard ${Math.round((agenda.now() - robot.lastAnswered()) / SECOND)} s ago, and its lease is ${lease?.owner ?? 'nobody’s'}`;
        checks.expect('explain-true', truth, says, name);
        const view = await auditor.must((api) => api.showRobot({ params: { robot: name } }));
        const open = view.desired.some(({ state }) => !isTerminal(state));
        const before = watched.get(name);
        if (blocked || !open) {
          watched.delete(name);
          continue;
        }
        const times = before?.sentence === sentence ? before.times + 1 : 1;
        watched.set(name, { sentence, times });
        checks.expect(
          'unblocked-moves',
          times <= PATIENCE,
          () => `for ${times} looks it is said that ${sentence}`,
          name,
        );
      }
    },
  };
}
