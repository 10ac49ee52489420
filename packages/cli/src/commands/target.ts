/** `target preview`: exactly which robots are meant, before anything is ordered of them. */

import type { RequestOf } from '@fairlead/shared/api/route';
import { type Preview, type PreviewedRobot, type rulesApi } from '@fairlead/shared/api/rules-api';
import { ComponentName, type ReleaseRef, sayRelease } from '@fairlead/shared/ids';
import { type Command, Option } from 'commander';
import { argument, howMany, releaseArgument } from '../arguments.ts';
import type { CliContext } from '../context.ts';
import type { Cell, Output } from '../output.ts';
import { type TargetOptions, targetOf, withTarget } from '../target-options.ts';
import { presenceCell } from '../tones.ts';

type Body = RequestOf<typeof rulesApi.previewTarget>['body'];
interface PreviewOptions extends TargetOptions {
  readonly release?: ReleaseRef;
  readonly component?: ComponentName;
  readonly show?: NonNullable<Body['show']>;
  readonly allowDowngrade?: boolean;
  readonly limit: number;
}
const SHOWS = ['changes', 'runs-it', 'refused', 'silent', 'outside-window'];

export function addTargetCommands(program: Command, context: CliContext): void {
  const { out } = context;
  const target = program.command('target').description('who is meant by --group, --selector or --all');
  withTarget(target.command('preview').description('which robots are meant, and what a release would do on each'))
    .option('--release <component@version>', 'the release in question', releaseArgument)
    .option('--component <name>', 'without a release: show what they run of it', argument(ComponentName))
    .option('--allow-downgrade', 'as for deploy')
    .addOption(new Option('--show <which>', 'only these robots; counts are of all').choices(SHOWS))
    .option('--limit <n>', 'how many robots to name', howMany, 20)
    .action(async (options: PreviewOptions) => {
      const { release, component, show, allowDowngrade, limit } = options;
      const body: Body = {
        target: targetOf(options),
        ...(component !== undefined && { component }),
        ...release,
        ...(allowDowngrade !== undefined && { allowDowngrade }),
        ...(show !== undefined && { show }),
        limit,
      };
      const preview = await context.client().operator.previewTarget({ body });
      out.done(preview, () => tell(out, preview, release));
    });
}

function tell(out: Output, { counts, items, next }: Preview, release: ReleaseRef | undefined): void {
  if (counts) tellCounts(out, counts, release);
  if (items.length > 0) {
    const judged = release !== undefined;
    out.table(
      ['ROBOT', 'ENVIRONMENT', 'PRESENCE', 'RUNS', ...(judged ? ['WOULD'] : []), 'WINDOW'],
      items.map((item) => [
        item.robot,
        item.environment,
        presenceCell(item.presence),
        item.runs,
        ...(judged ? [would(item)] : []),
        item.window ? `${item.window.name} opens ${item.window.opensAt.slice(0, 16)}Z` : 'open',
      ]),
    );
  }
  if (next !== undefined) out.line('More robots are meant: --limit 500, or --show to narrow it down.', 'dim');
  // One example per kind: a thousand robots with the wrong board have one reason.
  const kinds = new Map(
    [...items].reverse().flatMap(({ robot, refusal }) => (refusal ? [[refusal.category, { robot, refusal }]] : [])),
  );
  for (const [category, { robot, refusal }] of kinds) {
    out.line(`${category} (${robot}): ${refusal.detail}`, 'warn');
    out.line(`next: ${refusal.hint}`, 'dim');
  }
}

function tellCounts(out: Output, counts: NonNullable<Preview['counts']>, release: ReleaseRef | undefined): void {
  if (counts.robots === 0) return out.line('No accepted robot is meant by that.', 'warn');
  const { changes, refused } = counts.verdicts;
  const what = release
    ? `: ${changes} would get ${sayRelease(release)}, already there: ${counts.verdicts['runs-it']}, can't: ${refused}`
    : '';
  out.line(`${counts.robots === 1 ? '1 robot is' : `${counts.robots} robots are`} meant${what}`, 'strong');
  const why = Object.entries(counts.refusals).map(([category, robots]) => `${robots} ${category}`);
  if (why.length > 0) out.line(`can't: ${why.join(', ')}`);
  const silent = Object.entries(counts.presence).filter(([presence, robots]) => presence !== 'online' && robots > 0);
  if (silent.length > 0)
    out.line(`not heard now: ${silent.map(([presence, robots]) => `${robots} ${presence}`).join(', ')}`);
  if (counts.outsideWindow > 0) out.line(`outside their maintenance window now: ${counts.outsideWindow}`);
  if (counts.forbidden) {
    out.line(`fairlead deploy would be refused: ${counts.forbidden.detail}`, 'warn');
    out.line(`next: ${counts.forbidden.hint}`, 'dim');
  }
}

const WOULD: Readonly<Record<PreviewedRobot['verdict'], Cell>> = {
  meant: '',
  changes: { text: 'change', tone: 'good' },
  'runs-it': { text: 'stay: has it', tone: 'dim' },
  refused: { text: 'refused', tone: 'bad' },
};
const would = ({ verdict, refusal }: PreviewedRobot): Cell =>
  refusal ? { text: refusal.category, tone: 'bad' } : WOULD[verdict];
