/** The command line of `fairlead-agent`: options, help, and how a command ends. */
import { hostname } from 'node:os';
import type { Result } from '@fairlead/shared/failure';
import { printable, printableJson } from '@fairlead/shared/printable';
import { endQuietlyOnClosedPipe } from '@fairlead/toolkit/closed-pipe';
import { writeMessage } from '@fairlead/toolkit/process/journal-message';
import { fitErrors, HELP, wrapLine } from '@fairlead/toolkit/wrap';
import { Command, CommanderError } from 'commander';
import type { AgentConfig } from '../config.ts';
import { ensureConfig } from '../enrol/first-config.ts';
import { DEFAULT_CONFIG_FILE } from '../read-config.ts';
import { AGENT_VERSION } from '../version.ts';
import { addAskAgent } from './ask-agent.ts';
import { becomeOwnerOf } from './become-owner.ts';
import { type CommandContext, CommandError, EXIT_CODES, toCommandError } from './command-context.ts';
import { addEnroll } from './enroll.ts';
import { addFaultCampaign } from './fault-campaign.ts';
import { addLease } from './lease.ts';
import { openConfig } from './open-config.ts';
import { isForbidden, notOfItsGroup } from './rights.ts';
import { addRun } from './run.ts';
import { addSelfTest } from './self-test.ts';
import { addVerify } from './verify.ts';

/** Each adds its commands; `fairlead-agent --help` lists them in this order. */
export const COMMANDS = [addRun, addEnroll, addAskAgent, addLease, addVerify, addSelfTest, addFaultCampaign] as const;

/** Runs one command; resolves to the exit code. What went wrong is on stderr, as a sentence and a hint. */
export async function runCommandLine(
  argv: readonly string[],
  built: Pick<CommandContext, 'open' | 'standIn' | 'selfTest'>,
): Promise<number> {
  endQuietlyOnClosedPipe(process.stdout);
  const program = new Command('fairlead-agent')
    .description('Keeps one robot on the releases it was assigned: verified, tested first, rolled back when unwell.')
    .version(AGENT_VERSION)
    .option('--config <file>', 'configuration of this robot', DEFAULT_CONFIG_FILE)
    .option('--json', 'print answers as JSON')
    .addHelpText('after', EXIT_CODE_HELP)
    .configureHelp(HELP)
    .configureOutput({ writeErr: (text) => writeMessage(text, 'error') })
    .exitOverride();
  program.configureOutput({ outputError: fitErrors(() => program.configureOutput().getErrHelpWidth?.() ?? 0) });
  const options = (): { config: string; json?: boolean } => program.opts();
  const context: CommandContext = {
    open: async (config) => {
      await becomeOwnerOf(config.root);
      return built.open(config);
    },
    standIn: built.standIn,
    selfTest: async (config) => {
      await becomeOwnerOf(config.root);
      return built.selfTest(config);
    },
    config: () => openConfig(options().config),
    firstConfig: async (given) => {
      const file = options().config;
      const made = await ensureConfig(file, given, hostname()).catch(async (error: unknown) => {
        throw isForbidden(error) ? await notOfItsGroup(file, 'read') : error;
      });
      return soundOrUsage(made);
    },
    answer: (value, human) => {
      const width = (process.stdout.isTTY && process.stdout.columns) || Number.POSITIVE_INFINITY;
      const lines = (): string[] => human().flatMap((line) => wrapLine(printable(line), width));
      const text = options().json ? printableJson(value) : lines().join('\n');
      process.stdout.write(`${text}\n`);
    },
  };
  for (const add of COMMANDS) add(program, context);
  try {
    await program.parseAsync(argv);
    return EXIT_CODES.ok;
  } catch (error) {
    // Commander has said it already: help, version, or what was wrong with the command line.
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT_CODES.ok : EXIT_CODES.usage;
    const { message, hint, exitCode } = toCommandError(error);
    const width = (process.stderr.isTTY && process.stderr.columns) || Number.POSITIVE_INFINITY;
    const hints = hint === undefined ? [] : [`  -> ${hint}`];
    for (const line of [...message.split('\n'), ...hints]) {
      for (const part of wrapLine(printable(line), width)) writeMessage(part, 'error');
    }
    return exitCode;
  }
}

function soundOrUsage(config: Result<AgentConfig, readonly string[]>): AgentConfig {
  if (config.ok) return config.value;
  throw new CommandError(config.refused.join('\n'), EXIT_CODES.usage);
}

const EXIT_CODE_HELP = `
Exit codes:
  0  done                                  3  refused
  1  failed                                4  nobody answers
  2  wrong command line or agent.yaml`;
