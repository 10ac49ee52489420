/** Asks the server why each robot does what it does, and compares the answer with the robot. Nothing moves meanwhile. */
import type { DeploymentState } from '@fairlead/shared/fleet/states';
import { isTerminal } from '@fairlead/shared/fleet/states';
import type { RobotId } from '@fairlead/shared/ids';
import { MINUTE } from '@fairlead/shared/time';
import { chanceOf } from '../world/chance.ts';
import type { Person } from '../world/people.ts';
import type { Audit, AuditDeps } from './audit.ts';
import { isKnownToServer, judgeExplanation } from './explain-truth.ts';
import type { DeploymentRecord } from './server-records.ts';

/** Robots asked in each audit. */
const SAMPLE = 40;
/** How many audits in a row may find the same sentence about a robot that nothing blocks. */
const MOST_REPEATS = 4;
/** From a new order to the first step, where nothing holds the robot up. */
const UNTIL_IT_BEGINS = 30 * MINUTE;
const RUNS_IT: readonly DeploymentState[] = ['succeeded', 'degraded', 'skipped'];

interface Repeated {
  readonly sentence: string;
  readonly times: number;
}

export function auditExplanations({ stage, records }: AuditDeps, auditor: Person): Audit {
  const { world, fleet, interval } = stage;
  const { agenda, truth, checks } = world;
  const chance = chanceOf(world.seed, 'explain');
  /** Robots whose explanation says that they proceed, until they do. */
  const watched = new Map<RobotId, Repeated>();

  const sample = (): ReadonlySet<RobotId> => {
    const names = [...fleet.keys()];
    const picked = new Set(watched.keys());
    for (let more = SAMPLE; more > 0; more -= 1) {
      const name = names[chance.whole(names.length)];
      if (name !== undefined) picked.add(name);
    }
    return picked;
  };

  /** The server's explanation of one robot, and its records as of the same moment. */
  const ask = async (name: RobotId) => {
    const explanation = await auditor.must((api) => api.explainRobot({ params: { robot: name } }));
    const [desired, rollouts] = [(await records.desired(name)).get(name), await records.rollouts()];
    return { explanation, desired, rollouts: new Map(rollouts.map((one) => [one.rollout, one])) };
  };

  return {
    async look(last) {
      for (const name of last ? fleet.keys() : sample()) {
        const robot = fleet.get(name);
        if (!robot) continue;
        const { explanation, desired, rollouts } = await ask(name);
        const isDecommissioned = stage.decommissioned.has(name);
        const facts = {
          now: agenda.now(),
          robot,
          truth,
          desired,
          rollouts,
          isDecommissioned,
          interval,
          serverUpSince: world.server.upSince(),
        };
        const { isTrue, why } = judgeExplanation(explanation, facts);
        checks.expect(
          'explain-true',
          isTrue,
          () => `"${explanation.sentence}" (${explanation.refusal?.category}), but ${why}`,
          name,
        );
        if (isDecommissioned) continue;
        watch(name, explanation, desired);
        checkNotForgotten(name, explanation, desired, last);
      }
    },
  };

  function watch(
    name: RobotId,
    explanation: { readonly sentence: string; readonly blocked: boolean },
    desired: DeploymentRecord | undefined,
  ): void {
    const before = watched.get(name);
    const proceeds = !explanation.blocked && desired !== undefined && !isTerminal(desired.state);
    const times = proceeds && before?.sentence === explanation.sentence ? before.times + 1 : 1;
    if (proceeds) watched.set(name, { sentence: explanation.sentence, times });
    else watched.delete(name);
    // A robot that was called unblocked is looked at again: it has gone on, or is where it was.
    if (!before) return;
    checks.expect(
      'unblocked-moves',
      times <= MOST_REPEATS,
      () => `in ${times} audits in a row: ${explanation.sentence}`,
      name,
    );
  }

  function checkNotForgotten(
    name: RobotId,
    explanation: { readonly sentence: string; readonly blocked: boolean },
    desired: DeploymentRecord | undefined,
    last: boolean,
  ): void {
    const robot = fleet.get(name);
    if (!robot || !desired || desired.state === 'cancelled') return;
    const since = robot.onlineSince();
    if (since === undefined || agenda.now() - Math.max(since, desired.createdAt) < UNTIL_IT_BEGINS + 2 * interval)
      return;
    const { active, journal } = robot.disk;
    const isAtIt = RUNS_IT.includes(desired.state) && active?.manifestSha256 === desired.release;
    const isOnItsWay = journal !== undefined && !last;
    if (!isKnownToServer({ robot, truth }) && !last) return;
    const says = () =>
      `${name} should run ${desired.version} (${desired.deployment} is ${desired.state}) and runs ${active?.version}; explain says only "${explanation.sentence}"`;
    checks.expect('never-forgotten', isAtIt || isOnItsWay || explanation.blocked, says, name);
  }
}
