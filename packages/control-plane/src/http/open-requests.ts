/**
 * One signal per request, which fires when its caller has gone or the server wants to stop. Long-polls wait on
 * it, so that stopping the server answers them at once instead of cutting them off.
 */
import type { FastifyReply } from 'fastify';

export interface OpenRequests {
  signalFor(reply: FastifyReply): AbortSignal;
  /** Fires all signals, and those of requests still to come. */
  endAll(): void;
}

/** Made once: without a reason each abort would make an error of its own, with a stack. */
const GONE = new Error('The caller has gone, or the server stops.');

export function openRequests(): OpenRequests {
  const open = new Set<AbortController>();
  let ending = false;
  return {
    signalFor(reply) {
      const controller = new AbortController();
      if (ending) controller.abort(GONE);
      open.add(controller);
      reply.raw.once('close', () => {
        open.delete(controller);
        controller.abort(GONE);
      });
      return controller.signal;
    },
    endAll() {
      ending = true;
      for (const controller of open) controller.abort(GONE);
    },
  };
}
