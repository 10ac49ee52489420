/** Serves the local API, now or as soon as the disk takes a socket: a robot without one is still looked after. */
import type { Server } from 'node:http';
import { setTimeout as timer } from 'node:timers/promises';
import { SECOND } from '@fairlead/shared/time';
import { systemCode } from '@fairlead/toolkit/file-error';
import { type LocalHandlers, serveLocalApi } from '../local-api/serve-local-api.ts';
import { sayDiskError } from '../releases/disk-errors.ts';

const TRY_AGAIN_MS = 5 * SECOND;

export interface ServedSocket {
  close(): void;
}

/** Rejects where another agent answers on it. `onTrouble`: why it has to wait, and what fails while it listens. */
export async function servePatiently(
  socket: string,
  handlers: LocalHandlers,
  onTrouble: (error: unknown) => void,
  stop: AbortSignal,
): Promise<ServedSocket> {
  let server: Server | undefined;
  const closed = new AbortController();
  const over = AbortSignal.any([stop, closed.signal]);
  const tryAgain = async (): Promise<void> => {
    while (!over.aborted && !server) {
      await timer(TRY_AGAIN_MS, undefined, { signal: over, ref: false }).catch(() => undefined);
      if (!over.aborted) server = await serveLocalApi(socket, handlers, onTrouble).catch(() => undefined);
    }
  };
  try {
    server = await serveLocalApi(socket, handlers, onTrouble);
  } catch (error) {
    if (!isDisk(error)) throw error;
    onTrouble(error);
    void tryAgain();
  }
  return {
    close: () => {
      closed.abort();
      server?.closeAllConnections();
      server?.close();
    },
  };
}

/** The socket of a dead agent on a disk that can't be written any more is in the way as well. */
const isDisk = (error: unknown): boolean => sayDiskError(error) !== undefined || systemCode(error) === 'EADDRINUSE';
