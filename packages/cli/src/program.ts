/** The tree of commands, in the order of an update's story. */
import { fitErrors, HELP } from '@fairlead/toolkit/wrap';
import { Command, Option } from 'commander';
import { addAlertCommands } from './commands/alert.ts';
import { addAuditCommands } from './commands/audit.ts';
import { addBudgetCommands } from './commands/budget.ts';
import { addCompletionCommand } from './commands/completion.ts';
import { addConfigCommands } from './commands/config.ts';
import { addDeployCommands } from './commands/deploy.ts';
import { addDeploymentCommands } from './commands/deployment.ts';
import { addEnvironmentCommands } from './commands/environment.ts';
import { addGroupCommands } from './commands/group.ts';
import { addKeyCommands } from './commands/key.ts';
import { addLoginCommands } from './commands/login.ts';
import { addReleaseCommands } from './commands/release.ts';
import { addRobotCommands } from './commands/robot.ts';
import { addRolloutCommands } from './commands/rollout.ts';
import { addServerCommand } from './commands/server.ts';
import { addStatusCommands } from './commands/status.ts';
import { addTargetCommands } from './commands/target.ts';
import { addTokenCommands } from './commands/token.ts';
import { addTrustCommands } from './commands/trust.ts';
import { addUserCommands } from './commands/user.ts';
import { addWindowCommands } from './commands/window.ts';
import type { CliContext, GlobalOptions } from './context.ts';
import { DEFAULT_SERVER } from './context.ts';
import { CLI_VERSION } from './version.ts';

export interface Program {
  readonly command: Command;
  readonly context: CliContext;
}

const EXIT_CODES = `
Exit codes:
  0  done                        3  refused (by a check, a rule or your role)
  1  failed                      4  the control plane cannot be reached
  2  the command is not right    5  not logged in
                                 6  still waiting after the time of --wait`;

/** Each adds its commands; `fairlead --help` lists them in this order. */
const ADD = [
  addServerCommand,
  addLoginCommands,
  addTrustCommands,
  addKeyCommands,
  addReleaseCommands,
  addRobotCommands,
  addGroupCommands,
  addTargetCommands,
  addDeployCommands,
  addRolloutCommands,
  addDeploymentCommands,
  addStatusCommands,
  addAlertCommands,
  addWindowCommands,
  addBudgetCommands,
  addEnvironmentCommands,
  addAuditCommands,
  addUserCommands,
  addTokenCommands,
  addConfigCommands,
  addCompletionCommand,
];

export function createProgram(contextOf: (options: () => GlobalOptions) => CliContext): Program {
  const command = new Command('fairlead')
    .description('Signed, staged, self-healing releases for robots that run ONNX models')
    .version(CLI_VERSION)
    .addOption(new Option('--server <url>', `control plane; default: where you are logged in, or ${DEFAULT_SERVER}`))
    .option('--json', 'print the result as JSON')
    .option('--home <dir>', 'folder of session and keys; default: FAIRLEAD_HOME or ~/.fairlead')
    .option('--proxy <url>', 'HTTP proxy, or none; default: HTTPS_PROXY, HTTP_PROXY, NO_PROXY')
    .option('--ca-file <file>', 'PEM of the CAs to accept; default: FAIRLEAD_CA_FILE, or the public ones')
    .option('--client-cert-file <file>', 'PEM of your certificate; default: FAIRLEAD_CLIENT_CERT_FILE')
    .option('--client-key-file <file>', 'PEM of its key; default: FAIRLEAD_CLIENT_KEY_FILE')
    .addHelpText('after', EXIT_CODES)
    .showHelpAfterError('(fairlead help COMMAND says more)')
    .configureHelp(HELP)
    .exitOverride();
  command.configureOutput({ outputError: fitErrors(() => command.configureOutput().getErrHelpWidth?.() ?? 0) });
  const context = contextOf(() => command.opts<GlobalOptions>());
  for (const add of ADD) add(command, context);
  return { command, context };
}
