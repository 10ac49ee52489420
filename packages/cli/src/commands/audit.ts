/** Who did what: the audit log, verified on this machine. */
import { AUDIT_START, type AuditHead, verifyAuditChain } from '@fairlead/shared/fleet/audit';
import { Sha256 } from '@fairlead/shared/ids';
import type { Command } from 'commander';
import { argument, howMany } from '../arguments.ts';
import { CliError, EXIT } from '../cli-error.ts';
import type { CliContext } from '../context.ts';
import { showEntry } from './alert.ts';

interface ListOptions {
  readonly by?: string;
  readonly action?: string;
  readonly element?: string;
  readonly limit: number;
}

export function addAuditCommands(program: Command, context: CliContext): void {
  const { out } = context;
  const audit = program.command('audit').description('who did what, when and why');

  audit
    .command('list')
    .description('newest first')
    .option('--by <name>', 'only what this person or program did')
    .option('--action <action>', 'only this action: window.save')
    .option('--element <name>', 'only what was done to this robot, rollout, window …')
    .option('--limit <n>', 'how many entries', howMany, 20)
    .action(async ({ by, action, element, limit }: ListOptions) => {
      const query = { limit, ...(by && { by }), ...(action && { action }), ...(element && { element }) };
      const list = await context.client().operator.listAudit({ query });
      out.done(list, () => {
        if (list.items.length === 0) return out.line('Nothing is in the log for that.', 'dim');
        for (const entry of list.items) showEntry(context, entry);
        if (list.next !== undefined) out.line('There are older ones: --limit 500.', 'dim');
      });
    });

  audit
    .command('verify')
    .description('check on this machine that no entry was changed, taken out or put in')
    .option('--expect <sha256>', 'a digest noted earlier must be in the log', argument(Sha256))
    .action(async ({ expect }: { expect?: Sha256 }) => {
      const found = await verifyHere(context, expect);
      out.done(found, () => {
        out.line(`${found.seq} entries, each follows the one before it.`, 'good');
        out.line('Note the newest digest elsewhere, and give it to --expect next time:');
        out.line(found.sha256, 'strong');
      });
    });
}

/** Page by page: what the control plane says of itself proves nothing. */
async function verifyHere(context: CliContext, expected: Sha256 | undefined): Promise<AuditHead> {
  const { operator } = context.client();
  let head = AUDIT_START;
  let seen = expected === undefined;
  while (true) {
    const query = { order: 'oldest-first' as const, limit: 500, cursor: String(head.seq) };
    const { items } = await operator.listAudit({ query });
    const verified = verifyAuditChain(head, items);
    if (!verified.ok) throw broken(context, verified.refused.detail);
    seen ||= items.some(({ sha256 }) => sha256 === expected);
    head = verified.value;
    if (items.length === 0) break;
  }
  if (!seen) throw broken(context, 'The digest you noted is not in the log: it was rewritten, or cut off.');
  const { broken: cut } = await operator.verifyAudit();
  if (cut) throw broken(context, cut.detail);
  return head;
}

const broken = (context: CliContext, detail: string): CliError =>
  new CliError(`The audit log does not hold: ${detail}`, {
    where: context.server(),
    hint: 'Keep a copy of the database as it is now, and compare it with a backup.',
    exitCode: EXIT.failed,
  });
