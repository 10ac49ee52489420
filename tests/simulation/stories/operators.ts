/**
 * The story of every simulation: two operators and an admin give every command there is, as far as the swarm of the seed
 * enables it, now and then two in the same moment; some of their releases fail. One of them stays at the end and closes
 * what waits for a person. An auditor compares the server with the world all the time.
 */
import { hasEnded } from '@fairlead/shared/rollout/states';
import { HOUR, MINUTE } from '@fairlead/shared/time';
import type { Audit } from '../invariants/audit.ts';
import { auditExplanations } from '../invariants/audit-explain.ts';
import { auditRollouts } from '../invariants/audit-rollouts.ts';
import { auditSchedule, auditSuperseded } from '../invariants/audit-schedule.ts';
import { auditSoak } from '../invariants/audit-soak.ts';
import { auditBudgets, auditConfirmations } from '../invariants/audit-switches.ts';
import { auditRollbacks, auditSkipped, auditUndoing } from '../invariants/audit-undoing.ts';
import { serverRecords, supersedingAll } from '../invariants/server-records.ts';
import { createStops } from '../invariants/stops.ts';
import type { Stage, Story } from '../stage.ts';
import { type Chance, chanceOf } from '../world/chance.ts';
import type { Person } from '../world/people.ts';
import type { Feature } from '../world/swarm.ts';
import { closeRollouts } from './close-rollouts.ts';
import { addRobot, changeWindows, decommission, readmit, removeAllWindows } from './fleet-commands.ts';
import type { Command, OperatorContext } from './operator-context.ts';
import { cancelDeployment, createRollout, deploy, rollBack, rollBackInStages } from './orders.ts';
import { describeTarget, describeTemper, drawTemper } from './random-orders.ts';
import { commandRollout, drawVerb } from './rollout-commands.ts';

/** No order is given in the last part of the time with faults, so that everything can end. */
const LAST_ORDER = 0.5 * HOUR;
const LOOK_EVERY = 20 * MINUTE;
const QUARANTINE_AFTER = 3;
const NEVER = 100;

interface Choice {
  readonly feature?: Feature;
  readonly weight: number;
  readonly command: Command;
}
const CHOICES: readonly Choice[] = [
  { weight: 2.5, command: createRollout },
  { weight: 5, command: commandSomeRollout },
  { feature: 'deploy', weight: 0.7, command: deploy },
  { feature: 'rollback', weight: 0.7, command: rollBack },
  { feature: 'staged-rollback', weight: 0.4, command: rollBackInStages },
  { feature: 'cancel', weight: 0.3, command: cancelDeployment },
  { feature: 'readmit', weight: 0.4, command: readmit },
  { feature: 'newcomers', weight: 0.4, command: addRobot },
  { feature: 'decommission', weight: 0.2, command: decommission },
  { feature: 'fleet-windows', weight: 0.4, command: changeWindows },
];

export function operators(): Story {
  let audits: readonly Audit[] = [];
  return {
    name: 'operators',
    async begin(stage) {
      const { world, admin, auditor, fleet } = stage;
      const context: OperatorContext = {
        stage,
        stops: createStops(world.agenda.now),
        releases: [],
        rollouts: [],
        deployments: [],
      };
      const limits = await setRules(stage);
      const records = serverRecords(world.server);
      const deps = { stage, records: world.mutant === 'supersedes-everything' ? supersedingAll(records) : records };
      audits = [
        auditBudgets(deps, auditor, limits),
        auditConfirmations(deps, auditor, context.stops),
        auditRollbacks(deps),
        auditUndoing(deps, auditor),
        auditSkipped(deps),
        auditSchedule(deps, auditor),
        auditSuperseded(deps),
        auditSoak(deps),
        auditRollouts(deps, auditor),
        auditExplanations(deps, auditor),
      ];
      stage.begin(() => publishNowAndThen(context));
      for (const operator of stage.operators) stage.begin(() => operate(context, operator));
      stage.begin(async () => {
        await world.agenda.sleep(world.healsAt - LAST_ORDER - world.agenda.now());
        await removeAllWindows(context, admin);
        await closeRollouts(context, stage.operators[0]);
      });
      stage.begin(async () => {
        for (;;) {
          await world.agenda.sleep(LOOK_EVERY);
          for (const audit of audits) await audit.look(false);
          if (fleet.size > 0) await tellCounts(stage, auditor);
        }
      });
    },
    async atEnd() {
      for (const audit of audits) await audit.look(true);
    },
  };
}

/** The rules of the fleet, as far as the swarm enables them. Answers the limits, where there are any. */
async function setRules(stage: Stage) {
  const { world, admin, fleet } = stage;
  const { swarm } = world;
  const quarantineAfter = swarm.has('quarantine') ? QUARANTINE_AFTER : NEVER;
  await admin.must((api) => api.changeLimits({ body: { quarantineAfter } }));
  if (swarm.has('approvals')) {
    const body = { approvals: 'one', approvalTtlSec: 1800 } as const;
    await admin.must((api) => api.changeEnvironment({ params: { environment: world.environment }, body }));
  }
  if (!swarm.has('budgets')) return undefined;
  const share = Math.min(1, 0.3 / swarm.rate('budgets'));
  const limits = {
    maxConcurrent: Math.max(2, Math.ceil(fleet.size * share)),
    perSite: Math.max(1, Math.ceil((fleet.size * share) / 3)),
  };
  stage.tell(`at most ${limits.maxConcurrent} robots switch at once, ${limits.perSite} of each site`);
  if (world.mutant === 'no-limits') return limits;
  await admin.must((api) => api.changeLimits({ body: { maxConcurrent: limits.maxConcurrent } }));
  await admin.must((api) => api.saveBudget({ body: { label: 'site', maxUnavailable: limits.perSite } }));
  return limits;
}

async function publishNowAndThen({ stage, releases }: OperatorContext): Promise<void> {
  const { world } = stage;
  const chance = chanceOf(world.seed, 'releases');
  for (let minor = 1; world.agenda.now() < world.healsAt - LAST_ORDER; minor += 1) {
    const temper = drawTemper(chance, world.swarm);
    releases.push(await stage.publish(`1.${minor}.0`, temper));
    stage.tell(`1.${minor}.0 is published${describeTemper(temper)}`);
    await world.agenda.sleep(chance.between(20, 60) * MINUTE);
  }
}

async function operate(context: OperatorContext, operator: Person): Promise<void> {
  const { world, tell } = context.stage;
  const chance = chanceOf(world.seed, 'commands of', operator.name);
  while (world.agenda.now() < world.healsAt - LAST_ORDER) {
    await world.agenda.sleep(chance.waiting(world.pace.actEvery));
    const isFirst = context.rollouts.length === 0;
    const command = isFirst ? createRollout : drawCommand(context, chance);
    const result = await command(context, operator, chance);
    if (result !== undefined) tell(`${operator.name} ${result}`);
  }
}

function drawCommand({ stage }: OperatorContext, chance: Chance): Command {
  const weights = CHOICES.map(({ feature, weight, command }) => ({
    command,
    weight: feature === undefined ? weight : weight * stage.world.swarm.rate(feature),
  }));
  let left = chance.next() * weights.reduce((sum, { weight }) => sum + weight, 0);
  return weights.find(({ weight }) => (left -= weight) < 0)?.command ?? createRollout;
}

/** A command to one of the newest rollouts, of these operators or of the control plane itself. */
async function commandSomeRollout(
  context: OperatorContext,
  operator: Person,
  chance: Chance,
): Promise<string | undefined> {
  const { stage } = context;
  const { world } = stage;
  const { items } = await operator.must((api) => api.listRollouts({ query: { limit: 8 } }));
  const open = items.filter(({ state }) => !hasEnded(state));
  const among = open.length > 0 && chance.happens(0.8) ? open : items;
  const view = among[chance.whole(Math.max(1, among.length))];
  const verb = view && drawVerb(context, view, chance);
  if (!view || verb === undefined) return undefined;
  const { rollout } = view;
  const isDouble = world.swarm.has('two-operators') && chance.happens(0.25 * world.swarm.rate('two-operators'));
  if (!isDouble) {
    await commandRollout(context, operator, verb, rollout);
    return undefined;
  }
  world.injected('two operators at once');
  const other = stage.operators.find((one) => one !== operator) ?? operator;
  // Half of the time both give the same command: a second request to undo must join the first.
  const second = chance.happens(0.5) ? verb : (drawVerb(context, view, chance) ?? verb);
  await Promise.all([
    commandRollout(context, operator, verb, rollout),
    commandRollout(context, other, second, rollout),
  ]);
  return undefined;
}

const BAR = 24;

async function tellCounts(stage: Stage, auditor: Person): Promise<void> {
  const { items } = await auditor.must((api) => api.listRollouts({ query: { limit: 100 } }));
  for (const view of items) {
    if (hasEnded(view.state)) continue;
    const states = view.stages.map(({ counts }) => counts.states);
    const count = (...names: readonly (keyof (typeof states)[number])[]) =>
      states.reduce((sum, each) => sum + names.reduce((all, name) => all + (each[name] ?? 0), 0), 0);
    const done = count('succeeded', 'skipped');
    const failed = count('failed', 'rolled-back', 'rejected', 'timed-out', 'quarantined', 'degraded');
    const bar = (robots: number): number => Math.round((robots / Math.max(1, view.members)) * BAR);
    const drawn = `${'█'.repeat(bar(done))}${'▒'.repeat(bar(failed))}`.padEnd(BAR, '·').slice(0, BAR);
    const why = view.blocked ? view.blocked.why.detail : 'it is about to act';
    const what = view.spec.version ?? 'back';
    stage.tell(
      `  ${drawn} ${what} to ${describeTarget(view.spec.target)}, stage ${Math.min(view.stage + 1, view.stages.length)}: ${done} done, ${failed} failed of ${view.members}; ${why.replaceAll(/ro_[a-z0-9]+/g, 'it')}`,
    );
  }
}
