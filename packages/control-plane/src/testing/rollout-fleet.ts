/** Robots that take part in rollouts, played by hand: they stage, say that they are ready, and end as told. */
import type { ComponentName, DeploymentId } from '@fairlead/shared/ids';
import type { TestClock } from '@fairlead/shared/testing/test-clock';
import type { ComponentOrder } from '@fairlead/shared/trust/assignment';
import type { TestOptions } from './test-control-plane.ts';
import { type FleetRobot, installed, running, type TestFleet, testFleet } from './test-fleet.ts';
import type { BuiltRelease } from './test-publisher.ts';

type Outcome = 'succeeded' | 'failed' | 'rolled-back' | 'rejected';
export interface RolloutFleet extends TestFleet {
  readonly robots: readonly FleetRobot[];
  readonly component: ComponentName;
  readonly v1: BuiltRelease & { readonly version: BuiltRelease['manifest']['version'] };
  readonly v2: BuiltRelease & { readonly version: BuiltRelease['manifest']['version'] };
  readonly clock: TestClock;
  drive(): Promise<void>;
  /** Says in a check-in of each robot that this runs. */
  everybodyRuns(release: BuiltRelease): Promise<void>;
  /** Time passes as on a server that runs: the engine looks, the robots named here check in now and then and at the end. */
  soak(ms: number, online?: readonly FleetRobot[]): Promise<void>;
  /** What is ordered of robots now and not ended, one entry per robot that has something. */
  ordered(): Promise<readonly Ordered[]>;
  /** Every robot with an order stages, becomes ready, is driven, and ends so where it was granted. */
  everybodyUpdates(outcome?: Outcome): Promise<void>;
}
interface Ordered {
  readonly robot: FleetRobot;
  readonly order: ComponentOrder;
}

/** The engine takes a pause of more than a minute for a control plane that was suspended. */
const STEP_MS = 50_000;
const CHECK_IN_MS = 4 * STEP_MS;

export async function rolloutFleet(size: number, options: TestOptions = {}): Promise<RolloutFleet> {
  const fleet = await testFleet(options);
  const { controlPlane, publisher } = fleet;
  const v1 = await publisher.publish({ version: '1.0.0' });
  const v2 = await publisher.publish({ version: '2.0.0' });
  const robots: FleetRobot[] = [];
  for (let n = 1; n <= size; n += 1) robots.push(await fleet.robot(`duck-${n}`));
  const ended = new Set<DeploymentId>();
  const runs = new Map<string, BuiltRelease>();

  const said = (robot: FleetRobot) => {
    const active = runs.get(robot.name);
    return active ? { components: [installed(active, active === v1 ? undefined : v1)] } : {};
  };
  const ordered = async (): Promise<Ordered[]> => {
    const found: Ordered[] = [];
    for (const robot of robots) {
      const { assignment } = await robot.ask({ understands: ['hold'], ...said(robot) });
      const order = assignment?.components.find(({ deployment }) => !ended.has(deployment));
      if (order) found.push({ robot, order });
    }
    return found;
  };
  const everybodyUpdates = async (outcome: Outcome = 'succeeded') => {
    for (const { robot, order } of await ordered()) {
      const { deployment, component } = order;
      const activity = { state: 'waiting', deployment, component, ready: true } as const;
      await robot.ask({ understands: ['hold'], activity, ...said(robot) });
    }
    await controlPlane.drive();
    for (const { robot, order } of await ordered()) {
      if (order.hold) continue;
      const { deployment, component } = order;
      const target = order.target.version === v1.manifest.version ? v1 : v2;
      const before = runs.get(robot.name);
      if (outcome === 'succeeded') runs.set(robot.name, target);
      const active =
        outcome === 'succeeded' ? { active: running(target), ...(before && { previous: running(before) }) } : {};
      await robot.tells({ event: 'update-state', deployment, component, state: 'switching' });
      await robot.tells({ event: 'update-ended', deployment, component, outcome, ...active });
      ended.add(deployment);
    }
    await controlPlane.drive();
  };
  const soak = async (ms: number, online: readonly FleetRobot[] = robots) => {
    for (let passed = 0; passed < ms; passed += STEP_MS) {
      controlPlane.clock.pass(Math.min(ms - passed, STEP_MS));
      const isTurn = passed % CHECK_IN_MS === 0 || passed + STEP_MS >= ms;
      for (const robot of isTurn ? online : []) await robot.ask({ understands: ['hold'], ...said(robot) });
      await controlPlane.drive();
    }
  };
  const named = (release: BuiltRelease) => ({ ...release, version: release.manifest.version });
  return {
    ...fleet,
    robots,
    component: v2.manifest.component,
    v1: named(v1),
    v2: named(v2),
    clock: controlPlane.clock,
    drive: controlPlane.drive,
    ordered,
    everybodyUpdates,
    soak,
    everybodyRuns: async (release) => {
      for (const robot of robots) {
        runs.set(robot.name, release);
        await robot.ask(said(robot));
      }
    },
  };
}
