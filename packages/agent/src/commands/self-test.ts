/** `fairlead-agent self-test`: could an agent work here? */
import type { Command } from 'commander';
import { type CommandContext, CommandError, EXIT_CODES } from './command-context.ts';
import { requireOwner } from './rights.ts';

export function addSelfTest(program: Command, context: CommandContext): void {
  program
    .command('self-test')
    .description('Try everything the agent needs on this machine, as the user it runs as')
    .action(async () => {
      const config = await context.config();
      await requireOwner(config.root);
      const findings = await context.selfTest(config);
      context.answer(findings, () =>
        findings.map(({ check, ok, detail }) => `${ok ? '✓' : '✗'} ${check.padEnd(16)} ${detail}`),
      );
      const failed = findings.filter(({ ok }) => !ok).length;
      if (failed > 0) throw new CommandError(`${failed} of ${findings.length} checks failed.`, EXIT_CODES.refused);
    });
}
