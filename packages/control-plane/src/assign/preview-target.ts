/**
 * Exactly which robots a target means, and what a release would do on each: the same questions as for a real order,
 * and nothing changes. Counts are of everybody; robots come a page at a time.
 */

import type { RequestOf } from '@fairlead/shared/api/route';
import type { Preview, PreviewedRobot, rulesApi } from '@fairlead/shared/api/rules-api';
import type { Refusal } from '@fairlead/shared/failure';
import { choosing } from '@fairlead/shared/fleet/choose-robots';
import { directOrderForbidden } from '@fairlead/shared/fleet/environment-rules';
import { askMaintenance } from '@fairlead/shared/fleet/maintenance-window';
import { classifyPresence } from '@fairlead/shared/fleet/presence';
import { ENVIRONMENTS, type EnvironmentName, type ReleaseRef, RobotId } from '@fairlead/shared/ids';
import { parse } from '@fairlead/shared/parse';
import { toTimestamp } from '@fairlead/shared/time';
import { eachRobot } from '../fleet/each-robot.ts';
import { labelled } from '../fleet/labelled.ts';
import { needRobot, type RobotViewDeps, selectorProblem } from '../fleet/list-robots.ts';
import type { Handlers } from '../http/handlers.ts';
import { problem } from '../http/problem.ts';
import type { RobotRecord } from '../store/robots.ts';
import type { FleetRules } from '../store/rules.ts';
import { readEverywhere } from './deploy.ts';
import { activeOf, judgeOrder, type OrderFacts } from './judge-order.ts';
import { nobodyMeant } from './resolve-target.ts';
import { stillRunning } from './updated-by.ts';

export type PreviewDeps = RobotViewDeps;
type Body = RequestOf<typeof rulesApi.previewTarget>['body'];
type Counts = NonNullable<Preview['counts']>;
const DEFAULT_PAGE = 100;

/** What is asked of every robot. */
interface Question {
  readonly deps: PreviewDeps;
  readonly rules: FleetRules;
  readonly component?: ReleaseRef['component'];
  readonly wanted?: ReleaseRef;
  readonly published: ReadonlyMap<EnvironmentName, NonNullable<OrderFacts['release']>>;
  readonly allowDowngrade: boolean;
}

export const previewHandlers = (deps: PreviewDeps): Handlers<Pick<typeof rulesApi, 'previewTarget'>> => ({
  previewTarget: ({ body }) => preview(deps, body),
});

async function preview(deps: PreviewDeps, body: Body): Promise<Preview> {
  const { store } = deps;
  const { target, component, version, allowDowngrade = false, limit = DEFAULT_PAGE, cursor } = body;
  if (version !== undefined && component === undefined) {
    throw problem('bad_request', 'A version of which component?', { hint: 'Name the component too.' });
  }
  const wanted = component !== undefined && version !== undefined ? { component, version } : undefined;
  const published = wanted ? await readEverywhere(store, wanted) : new Map();
  const rules = await store.rules.all();
  const ask: Question = {
    deps,
    rules,
    ...(component !== undefined && { component }),
    ...(wanted && { wanted }),
    published,
    allowDowngrade,
  };
  const counts = cursor === undefined ? noCounts() : undefined;
  const items: PreviewedRobot[] = [];
  let more = false;
  for await (const record of meant(ask, target, readCursor(cursor))) {
    const item = ask.wanted ? judge(ask, record, ask.wanted) : look(ask, record);
    if (counts) count(counts, item);
    if (!shows(item, body.show)) continue;
    if (items.length < limit) items.push(item);
    else more = true;
    // Whoever turns the page has the counts already.
    if (more && !counts) break;
  }
  if (counts?.robots === 0) await refuseUnknownGroup(ask, target);
  const last = items.at(-1);
  return {
    ...(counts && { counts: { ...counts, ...forbidden(ask, counts) } }),
    items,
    ...(more && last && { next: last.robot }),
  };
}

/** A saved group may be empty; a group that nobody carries and nobody saved is a typing mistake. */
async function refuseUnknownGroup({ deps: { store }, rules: { groups } }: Question, target: Body['target']) {
  if (!('group' in target) || groups.some(({ name }) => name === target.group)) return;
  throw nobodyMeant(target, groups, await store.robots.all());
}

/** As for an order: a robot asked for by name whatever its lifecycle, else accepted robots. */
async function* meant(
  { deps: { store, presence }, rules }: Pick<Question, 'deps' | 'rules'>,
  target: Body['target'],
  after: RobotId | undefined,
): AsyncGenerator<RobotRecord> {
  if ('robot' in target) {
    yield await needRobot(store, target.robot);
    return;
  }
  if ('updatedBy' in target) {
    const updated = await stillRunning(store, target.updatedBy, (robot) => presence.of(robot)?.facts ?? {});
    const names = updated.filter((name) => after === undefined || name > after);
    const robots = [...(await store.robots.named(names))];
    yield* robots.sort((one, other) => (one.robot < other.robot ? -1 : 1));
    return;
  }
  const chooses = choosing(target, rules.groups);
  if (!chooses.ok) throw selectorProblem(chooses.refused);
  for await (const robot of eachRobot(store.robots, after)) {
    if (robot.lifecycle !== 'accepted') continue;
    if (chooses.value(labelled(robot, presence.of(robot.robot)?.facts))) yield robot;
  }
}

/** A robot without a release in question. */
function look({ deps, rules, component }: Question, record: RobotRecord): PreviewedRobot {
  const { robot, environment, group } = record;
  const now = deps.clock.now();
  const heard = deps.presence.of(robot);
  const runs = component === undefined ? undefined : activeOf(heard?.facts ?? {}, component);
  const window = askMaintenance(rules.windows, labelled(record, heard?.facts), now, rules.groups);
  return {
    robot,
    environment,
    ...(group !== undefined && { group }),
    presence: classifyPresence(heard?.lastSeen, now, deps.settings.now()),
    ...(runs && { runs: runs.version }),
    verdict: 'meant',
    ...(!window.open && { window: { name: window.window, opensAt: toTimestamp(window.opensAt) } }),
  };
}

function judge(ask: Question, record: RobotRecord, wanted: ReleaseRef): PreviewedRobot {
  const { published, allowDowngrade, deps } = ask;
  const seen = look(ask, record);
  const facts = deps.presence.of(record.robot)?.facts ?? {};
  const release = published.get(record.environment);
  const judged = judgeOrder({ robot: record, facts, wanted, release, allowDowngrade });
  if (!judged.ok) return { ...seen, verdict: 'refused', refusal: judged.refused };
  const installed = activeOf(facts, wanted.component)?.manifestSha256 === judged.value.manifestSha256;
  return { ...seen, verdict: installed ? 'runs-it' : 'changes' };
}

function shows(item: PreviewedRobot, show: Body['show']): boolean {
  if (show === undefined) return true;
  if (show === 'silent') return item.presence !== 'online';
  if (show === 'outside-window') return item.window !== undefined;
  return item.verdict === show;
}

const noCounts = (): Counts => ({
  robots: 0,
  environments: {},
  presence: { online: 0, late: 0, offline: 0, 'never-seen': 0 },
  verdicts: { meant: 0, changes: 0, 'runs-it': 0, refused: 0 },
  refusals: {},
  outsideWindow: 0,
});

function count(counts: Counts, { environment, presence, verdict, refusal, window }: PreviewedRobot): void {
  counts.robots += 1;
  counts.environments[environment] = (counts.environments[environment] ?? 0) + 1;
  counts.presence[presence] += 1;
  counts.verdicts[verdict] += 1;
  if (refusal) counts.refusals[refusal.category] = (counts.refusals[refusal.category] ?? 0) + 1;
  if (window) counts.outsideWindow += 1;
}

/** What a direct order to all of these would be told as a whole. */
function forbidden({ rules }: Question, { environments }: Counts): { forbidden?: Refusal } {
  for (const environment of ENVIRONMENTS) {
    const robots = environments[environment] ?? 0;
    const refusal = robots > 0 && directOrderForbidden(environment, rules.environments[environment], robots);
    if (refusal) return { forbidden: refusal };
  }
  return {};
}

function readCursor(cursor: string | undefined): RobotId | undefined {
  if (cursor === undefined) return undefined;
  const robot = parse(RobotId, cursor);
  if (robot.ok) return robot.value;
  throw problem('bad_request', 'The cursor is not one that this list gave out.');
}
