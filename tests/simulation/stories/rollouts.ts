/**
 * Two operators send releases through the fleet in stages, pause, resume, promote, abort, retry and roll back, now and
 * then both at once; some of what they send is bad. One of them stays and
 * ends what stands still. An auditor looks at everything all the time.
 */
import { hasEnded } from '@fairlead/shared/rollout/states';
import { HOUR, MINUTE } from '@fairlead/shared/time';
import { watchExplanations } from '../invariants/explain-watch.ts';
import { type RolloutWatch, watchRollouts } from '../invariants/rollout-watch.ts';
import type { Stage, Story } from '../stage.ts';
import { type Chance, chanceOf } from '../world/chance.ts';
import type { Person } from '../world/people.ts';
import { COMPONENT } from '../world/publisher.ts';
import type { Release } from '../world/world.ts';
import { COMMANDS, command } from './command.ts';
import { isMeant } from './direct-orders.ts';
import { watchTheNight } from './night-shift.ts';
import { sayTarget, sayTemper, shapeOf, targetOf, temperOf } from './shapes.ts';

/** Nobody orders anything in the last part of the rough time: everything can come to its end. */
const LAST_ORDER = 0.5 * HOUR;
const LOOK_EVERY = 20 * MINUTE;

export function rollouts(): Story {
  let watch: RolloutWatch | undefined;
  return {
    name: 'rollouts',
    async begin(stage) {
      const { world, admin, fleet } = stage;
      const limits = {
        maxConcurrent: Math.max(2, Math.ceil(fleet.size * 0.3)),
        perSite: Math.max(1, Math.ceil(fleet.size * 0.1)),
      };
      if (world.mutant !== 'no-limits') {
        await admin.must((api) =>
          api.changeLimits({ body: { maxConcurrent: limits.maxConcurrent, quarantineAfter: 100 } }),
        );
        await admin.must((api) => api.saveBudget({ body: { label: 'site', maxUnavailable: limits.perSite } }));
      }
      stage.tell(`at most ${limits.maxConcurrent} robots switch at once, ${limits.perSite} of each site`);
      const looking = (watch = watchRollouts(stage, admin, limits));
      const explanations = watchExplanations(stage, admin);
      const releases: Release[] = [];
      stage.begin(() => publishNowAndThen(stage, releases));
      for (const operator of stage.operators) stage.begin(() => operate(stage, operator, looking, releases));
      stage.begin(async () => {
        await world.agenda.sleep(world.healsAt - LAST_ORDER - world.agenda.now());
        await watchTheNight(stage, stage.operators[0], looking);
      });
      stage.begin(async () => {
        for (;;) {
          await world.agenda.sleep(LOOK_EVERY);
          await looking.look(false);
          await explanations.look();
          await tellCounts(stage, admin);
        }
      });
    },
    async atEnd() {
      await watch?.look(true);
    },
  };
}

async function publishNowAndThen(stage: Stage, releases: Release[]): Promise<void> {
  const { world } = stage;
  const chance = chanceOf(world.seed, 'releases');
  for (let minor = 1; world.agenda.now() < world.healsAt - LAST_ORDER; minor += 1) {
    const temper = temperOf(chance);
    releases.push(await stage.publish(`1.${minor}.0`, temper));
    stage.tell(`1.${minor}.0 is published${sayTemper(temper)}`);
    await world.agenda.sleep(chance.between(30, 90) * MINUTE);
  }
}

async function operate(
  stage: Stage,
  operator: Person,
  watch: RolloutWatch,
  releases: readonly Release[],
): Promise<void> {
  const { world } = stage;
  const chance = chanceOf(world.seed, 'acts of', operator.name);
  while (world.agenda.now() < world.healsAt - LAST_ORDER) {
    await world.agenda.sleep(chance.waiting(world.pace.actEvery));
    const open = watch.known.at(-1);
    if (open === undefined || chance.happens(0.25)) await order(stage, operator, watch, releases, chance);
    else await intervene(stage, operator, watch, chance);
  }
}

async function order(
  stage: Stage,
  operator: Person,
  watch: RolloutWatch,
  releases: readonly Release[],
  chance: Chance,
): Promise<void> {
  const { world, fleet } = stage;
  const release = chance.happens(0.7) ? releases.at(-1) : releases[chance.whole(releases.length)];
  if (!release) return;
  const target = targetOf(chance);
  const meant = [...fleet.values()].filter((robot) => isMeant(target, robot)).map(({ traits }) => traits.name);
  world.overseer.orders(release.manifestSha256, meant);
  const answer = await operator.try((api, options) =>
    api.createRollout(
      {
        body: {
          target,
          component: COMPONENT,
          version: release.version,
          shape: shapeOf(chance),
          onFailure: chance.oneOf(['pause', 'halt', 'revert']),
          priority: chance.oneOf([40, 50, 60]),
          allowDowngrade: chance.happens(0.5),
        },
      },
      options,
    ),
  );
  if (answer.ok) watch.known.push(answer.value.rollout);
  const what = answer.ok ? `${answer.value.spec.strategy} with ${answer.value.stages.length} stages` : answer.code;
  stage.tell(`${operator.name} sends ${release.version} to ${sayTarget(target)} (${meant.length} robots): ${what}`);
}

async function intervene(stage: Stage, operator: Person, watch: RolloutWatch, chance: Chance): Promise<void> {
  const { world, operators } = stage;
  const recent = watch.known.slice(-4);
  const rollout = recent[chance.whole(recent.length)];
  if (rollout === undefined) return;
  const mine = command(stage, operator, watch, chance.oneOf(COMMANDS), rollout);
  if (!chance.happens(0.2)) {
    await mine;
    return;
  }
  world.injected('two operators at once');
  const other = operators.find((one) => one !== operator) ?? operator;
  await Promise.all([mine, command(stage, other, watch, chance.oneOf(COMMANDS), rollout)]);
}

const BAR = 24;

async function tellCounts(stage: Stage, auditor: Person): Promise<void> {
  const { items } = await auditor.must((api) => api.listRollouts({ query: { limit: 500 } }));
  for (const view of items) {
    if (hasEnded(view.state)) continue;
    const states = view.stages.map(({ counts }) => counts.states);
    const count = (...names: readonly (keyof (typeof states)[number])[]) =>
      states.reduce((sum, each) => sum + names.reduce((all, name) => all + (each[name] ?? 0), 0), 0);
    const done = count('succeeded', 'skipped');
    const failed = count('failed', 'rolled-back', 'rejected', 'timed-out', 'quarantined');
    const bar = (robots: number): number => Math.round((robots / Math.max(1, view.members)) * BAR);
    const drawn = `${'█'.repeat(bar(done))}${'▒'.repeat(bar(failed))}`.padEnd(BAR, '·').slice(0, BAR);
    const why = view.blocked ? view.blocked.why.detail : 'it is about to act';
    const what = view.spec.version ?? 'back';
    stage.tell(
      `  ${drawn} ${what} to ${sayTarget(view.spec.target)}, stage ${Math.min(view.stage + 1, view.stages.length)}: ${done} done, ${failed} failed of ${view.members}; ${why.replaceAll(/rol_[a-z0-9]+/g, 'it')}`,
    );
  }
}
