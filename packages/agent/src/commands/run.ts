/** `fairlead-agent run`: the agent itself, in the foreground, until SIGTERM or SIGINT. */
import type { Command } from 'commander';
import { serveLocalApi } from '../local-api/serve-local-api.ts';
import type { CommandContext } from './command-context.ts';

export function addRun(program: Command, context: CommandContext): void {
  program
    .command('run')
    .description('Run the agent in the foreground (this is what the systemd unit starts)')
    .action(async () => {
      const config = await context.config();
      const opened = await context.open(config);
      const { agent, log } = opened;
      const signalled = new AbortController();
      listenForSignals(signalled, () => log.info('stopping'));
      const stop = AbortSignal.any([signalled.signal, opened.restartWanted]);
      // First of all: it also makes sure that no second agent works on this root folder.
      const api = await serveLocalApi(config.socket, agent.local);
      try {
        log.info({ server: config.server, root: config.root, socket: config.socket }, 'fairlead-agent runs');
        await opened.adopt();
        await agent.run(stop);
        await opened.leaveServices();
      } finally {
        api.closeAllConnections();
        api.close();
        opened.close();
        log.info(opened.restartWanted.aborted ? 'stopped, to be started as the active release' : 'stopped');
      }
    });
}

/** The first signal ends in order; a second one means it. */
function listenForSignals(stop: AbortController, onStop: () => void): void {
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.on(signal, () => {
      if (stop.signal.aborted) process.exit(1);
      onStop();
      stop.abort();
    });
  }
}
