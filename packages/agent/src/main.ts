/**
 * `fairlead-agent`: its command line. Most commands only ask the agent that runs already, so the agent itself, with
 * databases, trust and services, is loaded by the commands that are one.
 */
import { runCommandLine } from './commands/command-line.ts';

process.exitCode = await runCommandLine(process.argv, {
  open: async (config) => (await import('./open-agent.ts')).openAgent(config),
  standIn: async (config, trouble) => (await import('./stand-in.ts')).openStandIn(config, trouble),
  selfTest: async (config) => (await import('./machine-self-test.ts')).machineSelfTest(config),
});
