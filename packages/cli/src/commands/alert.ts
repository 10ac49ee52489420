/** Alarms of robots, and notices of the audit log (break glass, overrides), in one list. */
import { ProblemError } from '@fairlead/shared/api/client';
import { ALARM_STATES, type Alarm } from '@fairlead/shared/fleet/alarm';
import type { AuditEntry } from '@fairlead/shared/fleet/audit';
import type { RobotId } from '@fairlead/shared/ids';
import { wrap } from '@fairlead/toolkit/wrap';
import { type Command, Option } from 'commander';
import { Type } from 'typebox';
import { ago } from '../ago.ts';
import { allPages } from '../all-pages.ts';
import { existing, existingRobot, howMany } from '../arguments.ts';
import { CliError, EXIT } from '../cli-error.ts';
import type { CliContext } from '../context.ts';

/** One line of the list: an alarm by its id, a notice by its number in the audit log. */
type Alert = ({ readonly kind: 'alarm' } & Alarm) | ({ readonly kind: 'notice'; readonly id: string } & AuditEntry);

interface ListOptions {
  readonly state: (typeof ALARM_STATES)[number] | 'unresolved' | 'all';
  readonly robot?: RobotId;
  readonly limit: number;
}

export function addAlertCommands(program: Command, context: CliContext): void {
  const { out } = context;
  const alerts = program
    .command('alert')
    .description('alarms of robots, and notices of the last day: break glass, overrides');

  alerts
    .command('list')
    .description(
      'newest first, at most 5 of each robot: alarms that are not resolved, and notices that you have not acknowledged',
    )
    .addOption(
      new Option('--state <state>', 'only alarms in this state')
        .choices([...ALARM_STATES, 'unresolved', 'all'])
        .default('unresolved'),
    )
    .option('--robot <name>', 'only alarms of this robot', existingRobot)
    .option('--limit <n>', 'how many alarms', howMany, 50)
    .action(async (options: ListOptions) => {
      const { items, more = [], next } = await listAll(context, options);
      out.done({ items, ...(more.length > 0 && { more }), ...(next !== undefined && { next }) }, () => {
        if (items.length === 0) out.line('No alerts.', 'good');
        for (const alert of items) showAlert(context, alert);
        for (const { robot, count } of more) {
          out.line(`${robot} has ${count} more: fairlead alert list --robot ${robot} --limit 500`, 'strong');
        }
        if (next !== undefined) out.line('There are more: --limit 500.', 'dim');
        if (items.some(isUnseen)) out.line('Seen it? fairlead alert ack ID, or --all', 'dim');
      });
    });

  alerts
    .command('ack')
    .description('you have seen it. An alarm stays until its robot reports the end; others still see a notice')
    .argument('[ids...]', 'as alert list shows them', alertIds)
    .option('--all', 'everything that is open now')
    .option('--reason <text>', 'kept with an alarm')
    .action(async (given: string[], { all, reason }: { all?: boolean; reason?: string }) => {
      const { operator } = context.client();
      const ids = all === true ? await openIds(context) : given;
      if (ids.length === 0 && all !== true) {
        throw new CliError('Which alert?', { hint: 'fairlead alert ack ID, or --all.', exitCode: EXIT.usage });
      }
      await forEach(ids, 'acknowledged', (id) =>
        isNotice(id)
          ? operator.acknowledgeNotice({ params: { seq: id } })
          : operator.acknowledgeAlert({ params: { id }, body: reason === undefined ? {} : { reason } }),
      );
      out.done({ acknowledged: ids }, () => out.line(`${ids.length} acknowledged.`));
    });

  alerts
    .command('resolve')
    .description('an alarm has ended, although its robot does not report it (an old agent, an incident)')
    .argument('<ids...>', 'as alert list shows them', alertIds)
    .requiredOption('--reason <text>', 'how you know')
    .action(async (ids: string[], { reason }: { reason: string }) => {
      const notice = ids.find(isNotice);
      if (notice !== undefined) {
        const hint = `fairlead alert ack ${notice}`;
        throw new CliError(`${notice} is a notice: it is acknowledged and never resolved.`, {
          hint,
          exitCode: EXIT.usage,
        });
      }
      const { operator } = context.client();
      await forEach(ids, 'resolved', (id) => operator.resolveAlert({ params: { id }, body: { reason } }));
      out.done({ resolved: ids }, () => out.line(`${ids.length} resolved.`));
    });
}

const alertId = existing(
  Type.String({
    pattern: '^(al_[0-9a-z]{10,40}|[1-9][0-9]{0,14})$',
    description: 'An alarm has an id that begins with al_, a notice has a number.',
  }),
  'fairlead alert list',
);
const alertIds = (text: string, before: readonly string[] = []): string[] => [...before, alertId(text)];

/** Each of them, also after one was refused: the error then lists those that were, and how many were not. */
async function forEach(ids: readonly string[], done: string, act: (id: string) => Promise<unknown>): Promise<void> {
  const refused: ProblemError[] = [];
  for (const id of ids) {
    try {
      await act(id);
    } catch (error) {
      if (!(error instanceof ProblemError) || ids.length === 1) throw error;
      refused.push(error);
    }
  }
  const [first] = refused;
  if (!first) return;
  throw new CliError(`${ids.length - refused.length} of ${ids.length} alerts ${done}.`, {
    mistakes: refused.map(({ message }) => message),
    hint: first.problem.hint ?? 'See fairlead alert list.',
  });
}

/** Notices are numbered; the id of an alarm has a prefix. */
const isNotice = (id: string): boolean => /^[0-9]+$/.test(id);

async function listAll(context: CliContext, { state, robot, limit }: ListOptions) {
  const { operator } = context.client();
  const { items, more, next } = await operator.listAlerts({
    query: { state, limit, ...(robot !== undefined && { robot }) },
  });
  // Notices have no state and name no robot: a list of one robot or one state leaves them out.
  const isNarrowed = robot !== undefined || state !== 'unresolved';
  const notices = isNarrowed ? [] : (await operator.listNotices()).items;
  const alerts: Alert[] = [
    ...items.map((alarm) => ({ kind: 'alarm' as const, ...alarm })),
    ...notices.map((entry) => ({ kind: 'notice' as const, id: String(entry.seq), ...entry })),
  ];
  const sorted = alerts.toSorted((one, other) => timeOf(other).localeCompare(timeOf(one)));
  return { items: sorted, ...(more && { more }), ...(next !== undefined && { next }) };
}
/** What `alert ack` still has an effect on. */
const isUnseen = (alert: Alert): boolean => alert.kind === 'notice' || alert.state === 'open';
const timeOf = (alert: Alert): string => (alert.kind === 'alarm' ? alert.lastSeen : alert.at);

async function openIds(context: CliContext): Promise<string[]> {
  const { operator } = context.client();
  const alarms = await allPages((page) =>
    operator.listAlerts({ query: { state: 'open', perRobot: 500, limit: 500, ...page } }),
  );
  const notices = await operator.listNotices();
  return [...alarms.map(({ id }) => id), ...notices.items.map(({ seq }) => String(seq))];
}

function showAlert(context: CliContext, alert: Alert): void {
  if (alert.kind === 'alarm') showAlarm(context, alert);
  else showEntry(context, alert);
}

/** What happened and where, what is known of it, what to do next. */
function showAlarm({ out }: CliContext, alarm: Alarm): void {
  const { id, robot, state, refusal, firstSeen, count, acknowledged, resolved } = alarm;
  const where = refusal.component === undefined ? robot : `${robot} ${refusal.component}`;
  out.line(`${id}  ${where}  ${refusal.category}  ${state}`, state === 'open' ? 'bad' : 'strong');
  for (const line of wrap(refusal.detail, 76)) out.line(`   ${line}`);
  const times = count === 1 ? '' : `, ${count} times`;
  out.line(`   since ${ago(firstSeen, Date.now())}${times}`, 'dim');
  if (acknowledged) out.line(`   acknowledged by ${sayWho(acknowledged)}`, 'dim');
  if (resolved) out.line(`   resolved by ${sayWho(resolved)} (${resolved.how})`, 'dim');
  else for (const line of wrap(`next: ${refusal.hint}`, 76)) out.line(`   ${line}`);
}
const sayWho = ({ by, at, reason }: { by: string; at: string; reason?: string }): string =>
  `${by}, ${ago(at, Date.now())}${reason === undefined ? '' : `: ${reason}`}`;

/** The alarms of one robot that are not resolved, below the rest of its view. */
export function showAlarms(context: CliContext, alarms: readonly Alarm[]): void {
  if (alarms.length > 0) context.out.line(`alerts: ${alarms.length}`, 'bad');
  for (const alarm of alarms) showAlarm(context, alarm);
}

/** Loud entries of the audit log, above the output of a command. */
export function showNotices(context: CliContext, notices: readonly AuditEntry[]): void {
  for (const entry of notices) showEntry(context, entry);
  if (notices.length > 0) context.out.line('Seen it? fairlead alert ack --all', 'dim');
}

/** Two lines and not a column each: who, when and what fit on any terminal. */
export function showEntry({ out }: CliContext, { seq, at, by, action, detail, reason, loud }: AuditEntry): void {
  out.line(`${seq}  ${at.slice(0, 19)}Z  ${by}  ${action}${loud ? '  !' : ''}`, loud ? 'bad' : 'strong');
  out.line(`   ${detail}${reason === undefined ? '' : ` Reason: ${reason}`}`);
}
