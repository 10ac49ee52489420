/** A rollout on one screen of 80 columns: what it is, how far it is, what blocks it, what happened last. */
import type { rolloutApi } from '@fairlead/shared/api/rollout-api';
import type { ReplyOf } from '@fairlead/shared/api/route';
import { sayTarget } from '@fairlead/shared/fleet/target';
import { hasEnded } from '@fairlead/shared/rollout/states';
import { clip, wrap } from '@fairlead/toolkit/wrap';
import { ago } from '../ago.ts';
import type { Cell, Output } from '../output.ts';
import { rolloutTone, stageCell } from '../tones.ts';
import { sayWhen } from './say-when.ts';
import { countStage, LEGEND, type RolloutView, sayCounts, sayReach, stageBar } from './stage-counts.ts';

export type RolloutEvents = ReplyOf<typeof rolloutApi.rolloutHistory>['items'];
const LAST = 5;
const BAR = 14;

export const sayWhat = ({ spec }: Pick<RolloutView, 'spec'>): string =>
  spec.version === undefined ? `${spec.component}, back to each one's previous` : `${spec.component}@${spec.version}`;

/** One line: what a command is about to act on. */
export function showSubject({ out }: { readonly out: Pick<Output, 'line'> }, view: RolloutView): void {
  const stage = view.stages[view.stage];
  const where = stage ? `, stage ${stage.name}: ${sayCounts(countStage(stage))}` : '';
  out.line(`${view.rollout}: ${sayWhat(view)} is ${view.state}${where}`, 'dim');
}

export function tellRollout(out: Output, view: RolloutView, events: RolloutEvents, now: number): void {
  const { spec } = view;
  out.line(`${view.rollout}  ${spec.kind} of ${sayWhat(view)}`, 'strong');
  out.line(`${view.state}${sayStopped(view, now)}`, rolloutTone(view.state));
  out.table(['', ''], factsOf(view, now));
  out.table(
    ['STAGE', 'UP TO', 'STATE', 'ROBOTS', '', 'DONE', 'FAILED', 'AT WORK', 'WAITING'],
    view.stages.map(stageRow),
  );
  out.line(LEGEND, 'dim');
  for (const { name, verdict, state } of view.stages) {
    // What stands below as the block is not said twice; why a stage passed is in the history.
    const isSaid = verdict?.detail === view.blocked?.why.detail;
    if (verdict && !isSaid && state !== 'passed')
      for (const line of wrap(`${name}: ${verdict.detail} (${verdict.category})`)) out.line(line, 'bad');
  }
  if ((view.state === 'superseded' || view.state === 'ended-without-robots') && view.stopped) {
    for (const line of wrap(`${view.stopped.why.detail} ${view.stopped.why.hint}`)) out.line(line, 'warn');
  }
  showNotReached(out, view);
  tellApproval(out, view, now);
  tellBlocked(out, view, now);
  out.line('last:', 'strong');
  out.table(
    ['', '', '', ''],
    events.slice(-LAST).map(({ at, by, what, detail = '' }) => [ago(at, now), clip(by, 16), what, clip(detail, 34)]),
  );
}

function factsOf(view: RolloutView, now: number): Cell[][] {
  const { spec, members, excluded, followedBy, undoes } = view;
  const whom = `${sayTarget(spec.target)} in ${spec.environment}`;
  const others = excluded === 0 ? '' : `, ${excluded} left out`;
  // Who takes part is fixed when it starts: until then there is nobody to count.
  const size =
    view.startedAt === undefined
      ? 'robots as of its start'
      : `${members === 1 ? '1 robot' : `${members} robots`}${others}`;
  const policy = typeof spec.onFailure === 'string' ? spec.onFailure : `all back to ${spec.onFailure.toVersion}`;
  const when = view.endedAt ?? view.startedAt ?? spec.startAt;
  const word = view.endedAt ? 'ended' : view.startedAt ? 'started' : 'starts';
  return [
    ...lines('for', `${whom}: ${size}`),
    ['how', `${spec.strategy}, priority ${spec.priority}; when a gate fails: ${policy}`],
    ['by', `${view.createdBy}, ${ago(view.createdAt, now)}`],
    ...(spec.reason === undefined ? [] : lines('why', spec.reason)),
    ...(when === undefined ? [] : [[word, sayWhen(when, now)]]),
    ...(followedBy === undefined
      ? []
      : [['then', `${followedBy} ${view.state === 'superseded' ? 'superseded it' : 'undoes it'}`]]),
    ...(undoes === undefined ? [] : [['undoes', undoes]]),
    ...(spec.emergency === undefined
      ? []
      : [['!', { text: clip(`break glass: skips ${spec.emergency.skips.join(', ')}`, 68), tone: 'bad' as const }]]),
  ];
}

const lines = (name: string, text: string): Cell[][] =>
  wrap(text, 68).map((line, index) => [index === 0 ? name : '', line]);

function stageRow(stage: RolloutView['stages'][number]): Cell[] {
  const counts = countStage(stage);
  const { succeeded, failed, atWork, waiting } = counts;
  return [
    clip(stage.name, 12),
    clip(sayReach(stage), 9),
    stageCell(stage.state),
    stage.size,
    stageBar(counts, BAR),
    succeeded,
    failed === 0 ? 0 : { text: String(failed), tone: 'bad' },
    atWork,
    waiting,
  ];
}

const sayStopped = ({ stopped, state }: RolloutView, now: number): string =>
  stopped && SAYS_BY_WHOM.has(state) ? ` by ${stopped.by}, ${ago(stopped.at, now)}` : '';
/** What completed was stopped by nobody, and who denied it stands with the approval. */
const SAYS_BY_WHOM: ReadonlySet<RolloutView['state']> = new Set(['paused', 'halted', 'aborted']);

/** Robots that may still run the undone release: the undoing is complete only when there are none. */
function showNotReached(out: Output, { notReached }: RolloutView): void {
  if (!notReached) return;
  const { count, robots } = notReached;
  out.line(`not brought back yet: ${count === 1 ? '1 robot' : `${count} robots`}`, 'bad');
  for (const { robot, why } of robots) for (const line of wrap(`  ${robot}: ${why}`)) out.line(line);
  if (count > robots.length) out.line(`  and ${count - robots.length} more`);
}

function tellApproval(out: Output, { approval, state }: RolloutView, now: number): void {
  if (!approval) return;
  const agreed = approval.votes.filter(({ verdict }) => verdict === 'approved').length;
  const until = state === 'awaiting-approval' ? `, until ${sayWhen(approval.expiresAt, now)}` : '';
  out.line(`approved by ${agreed} of ${approval.needed}${until}`);
  for (const { by, verdict, reason, at } of approval.votes) {
    const why = reason === undefined ? '' : `: ${reason}`;
    for (const line of wrap(`  ${by} ${verdict}, ${ago(at, now)}${why}`)) out.line(line);
  }
}

/** In the engine's own words; with what a person does, and when it changes by itself. */
export function tellBlocked(out: Output, { blocked, state }: RolloutView, now: number): void {
  if (hasEnded(state)) return;
  if (!blocked) return out.line('Nothing blocks it: the next step is being taken.', 'good');
  for (const line of wrap(`blocked: ${blocked.why.detail} (${blocked.why.category})`)) out.line(line, 'warn');
  for (const line of wrap(`next: ${blocked.why.hint}`)) out.line(line);
  if (blocked.until !== undefined) out.line(`until: ${sayWhen(blocked.until, now)}`);
}
