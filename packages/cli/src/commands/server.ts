/** `fairlead server`: the control plane as a process of its own, with its own options. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Command } from 'commander';
import { CliError } from '../cli-error.ts';

export function addServerCommand(program: Command): void {
  program
    .command('server')
    .description('run the control plane; its options follow (fairlead server --help)')
    .helpOption(false)
    .allowUnknownOption()
    .allowExcessArguments()
    .argument('[options...]')
    .action(async (options: string[]) => {
      const main = fileURLToPath(import.meta.resolve('@fairlead/control-plane/main'));
      const child = spawn(process.execPath, [main, ...options], { stdio: 'inherit' });
      // A terminal signals the whole group; a service manager only us. The control plane ends gracefully, then we.
      for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => child.kill(signal));
      const [code, signal] = await once(child, 'exit');
      if (code !== 0) throw new CliError(`The control plane ended (${signal ?? `exit code ${code}`}).`);
    });
}
