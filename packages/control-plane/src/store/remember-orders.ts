/**
 * A store that keeps in memory what each robot should run, and the rollouts that it takes part in: each check-in asks
 * for both, and between two orders neither changes. Whoever writes through this store makes it forget before anybody
 * hears that it is done. It does not know what another process writes: only for a database that is ours alone.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import type { RobotId, RolloutId } from '@fairlead/shared/ids';
import type { Rollout } from '@fairlead/shared/rollout/rollout';
import type { Deployments } from './deployments.ts';
import type { Desired, DesiredSlice } from './desired.ts';
import { type Memory, memory } from './memory.ts';
import type { Rollouts } from './rollouts.ts';
import type { Slices, Store } from './store.ts';

export function rememberOrders(inner: Store): Store {
  const inTransaction = new AsyncLocalStorage<true>();
  const desired = memory<RobotId, Desired>();
  const rollouts = memory<RolloutId, Rollout>();

  const forgetting = async <T>(work: (touched: Touched) => Promise<T>): Promise<T> => {
    const touched: Touched = { robots: new Set(), rollouts: new Set(), everyRobot: false };
    try {
      return await work(touched);
    } finally {
      // Also after a failure: whether a commit that failed half-way counts, only the database knows.
      if (touched.everyRobot) desired.forgetAll();
      desired.forget(touched.robots);
      rollouts.forget(touched.rollouts);
    }
  };
  // Inside a transaction only the slices it was given may be used: the store refuses, whether or not it is known here.
  const recall = <K, V, A extends V | undefined>(from: Memory<K, V>, key: K, ask: () => Promise<A>): Promise<V | A> =>
    inTransaction.getStore() ? ask() : from.recall(key, ask);
  const alone =
    <A extends readonly unknown[], T>(pick: (slices: Changing) => (...args: A) => Promise<T>) =>
    (...args: A): Promise<T> =>
      forgetting((touched) => pick(writing(inner, touched))(...args));
  const changing: Changing = {
    desired: {
      raise: alone((slices) => slices.desired.raise),
      set: alone((slices) => slices.desired.set),
      unset: alone((slices) => slices.desired.unset),
    },
    deployments: { save: alone((slices) => slices.deployments.save) },
    rollouts: {
      insert: alone((slices) => slices.rollouts.insert),
      replace: alone((slices) => slices.rollouts.replace),
      renewDeadlines: alone((slices) => slices.rollouts.renewDeadlines),
      acceptFailures: alone((slices) => slices.rollouts.acceptFailures),
      raiseOpen: alone((slices) => slices.rollouts.raiseOpen),
    },
  };

  return {
    ...inner,
    desired: {
      ...inner.desired,
      ...changing.desired,
      of: (robot) => recall(desired, robot, () => inner.desired.of(robot)),
      async named(robots) {
        if (inTransaction.getStore()) return inner.desired.named(robots);
        const known = robots.flatMap((robot) => withOrders(robot, desired.known(robot)));
        const others = await inner.desired.named(robots.filter((robot) => desired.known(robot) === undefined));
        return new Map([...known, ...others]);
      },
    },
    deployments: { ...inner.deployments, ...changing.deployments },
    rollouts: {
      ...inner.rollouts,
      ...changing.rollouts,
      find: (rollout) => recall(rollouts, rollout, () => inner.rollouts.find(rollout)),
    },
    transaction: (work) =>
      forgetting((touched) =>
        inTransaction.run(true, () => inner.transaction((slices) => work(through(slices, writing(slices, touched))))),
      ),
  };
}

const through = (slices: Slices, { desired, deployments, rollouts }: Changing): Slices => ({
  ...slices,
  desired: { ...slices.desired, ...desired },
  deployments: { ...slices.deployments, ...deployments },
  rollouts: { ...slices.rollouts, ...rollouts },
});

/** As `named` answers: who has no order is left out. */
const withOrders = (robot: RobotId, desired: Desired | undefined): [RobotId, Desired['deployments']][] =>
  desired === undefined || desired.deployments.length === 0 ? [] : [[robot, desired.deployments]];

type Orders = Pick<Slices, 'desired' | 'deployments' | 'rollouts'>;
/**
 * Questions, and writes that change neither a rollout nor what a robot should run. A method that is new to the port
 * stands either here or in `writing`: otherwise this does not compile.
 */
type Harmless =
  | 'find'
  | 'list'
  | 'active'
  | 'events'
  | 'addMembers'
  | 'member'
  | 'members'
  | 'countMembers'
  | 'ofRobot'
  | 'leftOutOf'
  | 'takesAllOf'
  | 'updatedBy'
  | 'withoutStage'
  | 'takeIntoStage'
  | 'unplaced'
  | 'place'
  | 'exclude'
  | 'tallies'
  | 'staging'
  | 'awaitingGrant'
  | 'inBudget'
  | 'lockBudgets'
  | 'overdue'
  | 'overdueWithoutDriver'
  | 'countOverdue'
  | 'nextDeadline'
  | 'watched'
  | 'open'
  | 'drive';
type Changes<Slice, Others extends keyof Slice> = { readonly [Method in Exclude<keyof Slice, Others>]: Slice[Method] };
interface Changing {
  readonly desired: Changes<DesiredSlice, 'of' | 'named' | 'all'>;
  readonly deployments: Changes<Deployments, 'find' | 'list' | 'counts' | 'events'>;
  readonly rollouts: Changes<Rollouts, Harmless>;
}
interface Touched {
  readonly robots: Set<RobotId>;
  readonly rollouts: Set<RolloutId>;
  everyRobot: boolean;
}

/** Every write that changes what is remembered, named by what it touches. */
function writing({ desired, deployments, rollouts }: Orders, touched: Touched): Changing {
  return {
    desired: {
      raise(robot, atLeast) {
        touched.robots.add(robot);
        return desired.raise(robot, atLeast);
      },
      set(robot, component, deployment) {
        touched.robots.add(robot);
        return desired.set(robot, component, deployment);
      },
      unset(robot, component) {
        touched.robots.add(robot);
        return desired.unset(robot, component);
      },
    },
    deployments: {
      save(deployment, event) {
        touched.robots.add(deployment.robot);
        return deployments.save(deployment, event);
      },
    },
    rollouts: {
      insert(rollout, event) {
        touched.rollouts.add(rollout.rollout);
        return rollouts.insert(rollout, event);
      },
      replace(next, event) {
        touched.rollouts.add(next.rollout);
        return rollouts.replace(next, event);
      },
      renewDeadlines(rollout, deadline) {
        touched.everyRobot = true;
        return rollouts.renewDeadlines(rollout, deadline);
      },
      acceptFailures(rollout) {
        touched.everyRobot = true;
        return rollouts.acceptFailures(rollout);
      },
      async raiseOpen(rollout) {
        // Whom it touches, only its answer says.
        const before = touched.everyRobot;
        touched.everyRobot = true;
        const robots = await rollouts.raiseOpen(rollout);
        touched.everyRobot = before;
        for (const robot of robots) touched.robots.add(robot);
        return robots;
      },
    },
  };
}
