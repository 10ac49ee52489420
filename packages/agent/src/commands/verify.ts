/** `fairlead-agent verify`: measure what is active, byte by byte. Needs no running agent and no network. */
import { sayRefusal } from '@fairlead/shared/failure';
import type { Command } from 'commander';
import { type CommandContext, CommandError, EXIT_CODES, readComponent } from './command-context.ts';
import { requireOwner } from './rights.ts';

export function addVerify(program: Command, context: CommandContext): void {
  program
    .command('verify [component]')
    .description('Measure the active releases against their signed manifests, byte by byte')
    .action(async (name: string | undefined) => {
      const component = name === undefined ? undefined : readComponent(name);
      const config = await context.config();
      await requireOwner(config.root);
      const opened = await context.open(config);
      try {
        const measured = await opened.verify(component);
        const verdicts = measured.map(({ component: name, version, measured: result }) => ({
          component: name,
          version,
          intact: result.ok,
          ...(!result.ok && { refusal: result.refused }),
        }));
        context.answer(verdicts, () =>
          verdicts.length === 0
            ? ['Nothing is active on this robot.']
            : verdicts.map(({ component: name, version, refusal }) =>
                refusal ? `✗ ${name}@${version} ${sayRefusal(refusal)}` : `✓ ${name}@${version} is what was signed`,
              ),
        );
        const damaged = verdicts.filter(({ intact }) => !intact).length;
        if (damaged > 0) throw new CommandError(`${damaged} of ${verdicts.length} are damaged.`, EXIT_CODES.refused);
      } finally {
        opened.close();
      }
    });
}
