/** `fairlead-agent lease`: "not now", from a shell or a launch script on the robot. */
import { type Client, ProblemError } from '@fairlead/shared/api/client';
import { type Command, InvalidArgumentError } from 'commander';
import type { Lease } from '../leases/lease.ts';
import type { localApi } from '../local-api/local-api.ts';
import { asker } from './ask-agent.ts';
import { type CommandContext, CommandError, EXIT_CODES } from './command-context.ts';

const FOR = '--for <duration>';
const FOR_WHAT = 'how long it holds at most: 90s, 10m, 2h';

export function addLease(program: Command, context: CommandContext): void {
  const ask = async <T>(question: (agent: Client<typeof localApi>) => Promise<T>): Promise<T> => {
    try {
      return await asker(context)(question);
    } catch (error) {
      if (!(error instanceof ProblemError)) throw error;
      throw new CommandError(error.problem.detail, EXIT_CODES.refused, error.problem.hint);
    }
  };
  const lease = program.command('lease').description('Busy leases: while one holds, no release is switched');

  lease
    .command('take <owner>')
    .description('Be busy; taken again it is renewed')
    .requiredOption('--reason <text>', 'what the robot is busy with')
    .option(FOR, FOR_WHAT, readDuration, 600)
    .action(async (owner: string, options: { reason: string; for: number }) => {
      const taken = await ask((agent) =>
        agent.takeLease({ body: { owner, reason: options.reason, ttlSec: options.for } }),
      );
      context.answer(taken, () => [`${taken.owner} is busy until ${taken.expiresAt}: ${taken.reason}`]);
    });

  lease
    .command('extend <owner>')
    .description('Still busy: hold for so long from now')
    .option(FOR, FOR_WHAT, readDuration, 600)
    .action(async (owner: string, options: { for: number }) => {
      const held = await ask((agent) => agent.extendLease({ params: { owner }, body: { ttlSec: options.for } }));
      context.answer(held, () => [`${held.owner} is busy until ${held.expiresAt}: ${held.reason}`]);
    });

  lease
    .command('release <owner>')
    .description('Busy no more')
    .action(async (owner: string) => {
      const released = await ask((agent) => agent.releaseLease({ params: { owner } }));
      context.answer(released, () => [`${released.owner} is busy no more, after ${sayDuration(released.ageSec)}.`]);
    });

  lease
    .command('list')
    .description('Who is busy, since when, until when and why')
    .action(async () => {
      const listed = await ask((agent) => agent.listLeases());
      context.answer(listed, () => sayLeases(listed.leases));
    });
}

/** Seconds. */
function readDuration(text: string): number {
  const [, count = '', unit = 's'] = /^([1-9][0-9]{0,5})([smh])?$/.exec(text) ?? [];
  if (count === '') throw new InvalidArgumentError('A duration is 90s, 10m or 2h.');
  return Number(count) * (unit === 'h' ? 3600 : unit === 'm' ? 60 : 1);
}

export function sayLeases(leases: readonly Lease[]): string[] {
  if (leases.length === 0) return ['Nobody is busy on this robot.'];
  const rows = [
    ['OWNER', 'HELD', 'LEFT', 'UNTIL', 'REASON'],
    ...leases.map(({ owner, ageSec, remainingSec, expiresAt, reason }) => [
      owner,
      sayDuration(ageSec),
      sayDuration(remainingSec),
      expiresAt,
      reason,
    ]),
  ];
  const widths = [0, 1, 2, 3].map((column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows.map((row) => row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  '));
}

function sayDuration(seconds: number): string {
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor((seconds % 3600) / 60)];
  if (hours > 0) return `${hours} h ${minutes} min`;
  return minutes > 0 ? `${minutes} min ${seconds % 60} s` : `${seconds} s`;
}
