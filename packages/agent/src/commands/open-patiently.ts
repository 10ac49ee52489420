/**
 * Opens the agent, and where the disk does not let it, waits until it does: an agent that ends is started again by its
 * service manager, so often until that gives up, and a robot with a full disk would have no agent when there is room.
 */
import { setTimeout as timer } from 'node:timers/promises';
import { Failure, type Refusal } from '@fairlead/shared/failure';
import { printable } from '@fairlead/shared/printable';
import { SECOND } from '@fairlead/shared/time';
import { writeMessage } from '@fairlead/toolkit/process/journal-message';
import type { AgentConfig } from '../config.ts';
import { sayDiskError } from '../releases/disk-errors.ts';
import type { StandIn } from '../stand-in.ts';
import { refusalOf } from '../update/refusal-of.ts';
import type { CommandContext, OpenedAgent } from './command-context.ts';
import { type ServedSocket, servePatiently } from './serve-patiently.ts';

/** Room is made by a person or a log rotation; neither is in a hurry. */
const TRY_AGAIN_MS = 2 * SECOND;

/** Undefined where `stop` aborted first. Throws what no waiting mends. */
export async function openPatiently(
  config: AgentConfig,
  context: Pick<CommandContext, 'open' | 'standIn'>,
  stop: AbortSignal,
): Promise<OpenedAgent | undefined> {
  let trouble: Refusal | undefined;
  let standIn: StandIn | undefined;
  let socket: ServedSocket | undefined;
  try {
    while (!stop.aborted) {
      try {
        return await context.open(config);
      } catch (error) {
        const refusal = diskTrouble(error);
        if (!refusal) throw error;
        if (trouble?.detail !== refusal.detail) writeMessage(printable(`${refusal.detail} ${refusal.hint}`), 'error');
        trouble = refusal;
        standIn ??= await context.standIn(config, () => trouble ?? refusal);
        socket ??= await servePatiently(config.socket, standIn.local, () => undefined, stop);
        await timer(TRY_AGAIN_MS, undefined, { signal: stop }).catch(() => undefined);
      }
    }
    return undefined;
  } finally {
    socket?.close();
    await standIn?.close();
  }
}

function diskTrouble(error: unknown): Refusal | undefined {
  if (error instanceof Failure) return ['io', 'disk_full'].includes(error.refusal.category) ? error.refusal : undefined;
  return sayDiskError(error) && { ...refusalOf(error, 'check-in'), element: 'root folder' };
}
