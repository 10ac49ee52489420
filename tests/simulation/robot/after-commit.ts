/**
 * What happens to a committed release: it fails its health checks, restarts again and again, or takes the network of the
 * robot down. The robot reports it as its agent does: a `health-changed` report, and its health in every check-in.
 */
import type { Spool } from '@fairlead/agent/outbox/outbox';
import type { DeploymentId, RobotId, Sha256 } from '@fairlead/shared/ids';
import { type Instant, MINUTE, SECOND, toTimestamp } from '@fairlead/shared/time';
import type { Chance } from '../world/chance.ts';
import { COMPONENT } from '../world/publisher.ts';
import type { Temper, World } from '../world/world.ts';
import type { Disk } from './disk.ts';
import type { Life } from './life.ts';
import { refusal } from './steps.ts';
import { slots } from './virtual-updater.ts';

/** Draws at the commit what will happen to the release; a power cut does not change it. */
export function drawFate(order: {
  readonly world: World;
  readonly disk: Disk;
  readonly chance: Chance;
  readonly temper: Temper;
  readonly deployment: DeploymentId;
  readonly release: Sha256;
}): void {
  const { world, disk, chance, temper, deployment, release } = order;
  // A mutant that hides its state has something to hide.
  const hides = world.mutant === 'hides-degradation';
  const [degrades, silences] = [hides || chance.happens(temper.degrades), chance.happens(temper.silences)];
  if (!degrades && !silences) return;
  const at = world.agenda.now() + chance.between(10 * SECOND, hides ? MINUTE : 12 * MINUTE);
  const lasts = chance.between(10 * MINUTE, 90 * MINUTE);
  const recovers = chance.happens(0.4);
  // A silent robot comes back when the world heals, or the end of the run would prove nothing about it.
  const until = degrades ? (recovers ? at + lasts : undefined) : Math.max(at, Math.min(at + lasts, world.healsAt));
  const what = degrades ? 'degrade' : 'go-silent';
  disk.fate = { deployment, release, what, at, ...(until !== undefined && { until }) };
}

export function afterCommit(deps: {
  readonly world: World;
  readonly robot: RobotId;
  readonly disk: Disk;
  readonly life: Life;
  readonly spool: Spool;
  readonly cutLine: (until: Instant) => void;
}): { follow(): Promise<void> } {
  const { world, robot, disk, life, spool, cutLine } = deps;
  const { agenda, truth, chronicle } = world;

  const change = (deployment: DeploymentId, state: 'degraded' | 'healthy'): void => {
    const why =
      state === 'degraded' ? refusal('probation', 'unhealthy', 'Three rounds of health checks failed.') : undefined;
    chronicle.note(robot, `is ${state}`);
    truth.healthChanged(robot, deployment, state);
    if (world.mutant === 'hides-degradation') {
      truth.delivered(robot);
      return;
    }
    disk.health = { state, since: toTimestamp(agenda.now()), ...(why && { refusal: why }) };
    const active = slots(disk).active;
    spool.append({
      event: 'health-changed',
      deployment,
      component: COMPONENT,
      state,
      ...(active && { active }),
      ...(why && { refusal: why }),
    });
  };
  return {
    async follow() {
      const { fate } = disk;
      if (!fate) return;
      const isStill = () => disk.fate === fate && disk.active?.manifestSha256 === fate.release;
      await life.sleep(fate.at - agenda.now());
      if (!isStill()) return;
      if (fate.what === 'go-silent') {
        delete disk.fate;
        if (fate.until === undefined || fate.until <= agenda.now()) return;
        world.injected('release that takes the network down');
        cutLine(fate.until);
        return;
      }
      if (disk.health?.state !== 'degraded') {
        world.injected('release that degrades');
        change(fate.deployment, 'degraded');
      }
      if (fate.until === undefined) return;
      await life.sleep(fate.until - agenda.now());
      if (isStill() && disk.health?.state === 'degraded') change(fate.deployment, 'healthy');
      if (isStill()) delete disk.fate;
    },
  };
}
