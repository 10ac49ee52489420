/** `fairlead-agent run`: the agent itself, in the foreground, until SIGTERM or SIGINT. */
import { setTimeout as timer } from 'node:timers/promises';
import { handleUncaughtErrors } from '@fairlead/toolkit/process/uncaught-errors';
import type { Command } from 'commander';
import type { CommandContext } from './command-context.ts';
import { openPatiently } from './open-patiently.ts';
import { servePatiently } from './serve-patiently.ts';

/** A wrong agent.yaml is mended by a person: so often is often enough to look at it again. */
const AFTER_A_MISTAKE_MS = 10_000;

export function addRun(program: Command, context: CommandContext): void {
  program
    .command('run')
    .description('Run the agent in the foreground (this is what the systemd unit starts)')
    .action(async () => {
      const config = await context.config().catch(async (mistake: unknown) => {
        // A service manager starts it again at once, and an agent on trial must end for the one before to come back.
        if (process.env['FAIRLEAD_AGENT_RELEASE'] !== undefined) await timer(AFTER_A_MISTAKE_MS);
        throw mistake;
      });
      const signalled = new AbortController();
      let sayStopping = (): void => undefined;
      listenForSignals(signalled, () => sayStopping());
      const opened = await openPatiently(config, context, signalled.signal);
      if (!opened) return;
      const { agent, log } = opened;
      handleUncaughtErrors({
        source: process,
        elapsed: () => performance.now(),
        // The agent before may not have this defect: the launcher goes back to it.
        isOnTrial: opened.isOnTrial,
        onError: (err, isLast) =>
          log.fatal({ err }, isLast ? 'too many uncaught errors: this agent ends' : 'uncaught error; this is a defect'),
      });
      sayStopping = () => log.info('stopping');
      const stop = AbortSignal.any([signalled.signal, opened.restartWanted]);
      // First of all: it also makes sure that no second agent works on this root folder.
      const api = await servePatiently(
        config.socket,
        agent.local,
        (error) =>
          log.error({ error: String(error) }, 'the local socket fails: commands on this robot may get no answer'),
        stop,
      );
      try {
        log.info({ server: config.server, root: config.root, socket: config.socket }, 'fairlead-agent runs');
        await opened.adopt();
        await agent.run(stop);
        await opened.leaveServices();
      } finally {
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
