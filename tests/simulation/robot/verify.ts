/** Whether the robot takes an order, which errors are the network's, and what it tells in a word. */
import type { ReportEvent } from '@fairlead/agent/outbox/outbox';
import type { VerifiedOrder } from '@fairlead/agent/poll/verified-order';
import { accept, type Result, refuse } from '@fairlead/shared/failure';
import type { ComponentOrder } from '@fairlead/shared/trust/assignment';
import type { World } from '../world/world.ts';
import type { Disk } from './disk.ts';
import { refusal } from './steps.ts';
import type { Traits } from './traits.ts';

/** The agent asks TUF; here the world knows what was signed, and the robot looks at its board and its counter. */
export function verify(world: World, { inventory }: Traits, disk: Disk, order: ComponentOrder): Result<VerifiedOrder> {
  const release = world.releases.get(order.target.sha256);
  const no = (category: string, detail: string) => refuse({ ...refusal('decide', category, detail), retryable: false });
  if (!release) return no('not_signed', 'Nobody signed that.');
  const { board } = release.manifest.requires ?? {};
  if (board && !board.includes(inventory.board ?? '')) return no('wrong_hw', 'It is for another board.');
  const { version, manifestSha256, releaseCounter, manifest, manifestBytes } = release;
  const running = disk.active?.releaseCounter ?? 0;
  if (releaseCounter < running && !order.allowDowngrade) return no('downgrade', 'A newer one runs.');
  const { component, deployment } = order;
  const candidate = { component, version, manifestSha256, releaseCounter };
  return accept({ deployment, component, candidate, manifest, manifestBytes });
}

const NETWORK = new Set(['Unreachable', 'ProblemError', 'Failure']);
export const isNetwork = (error: unknown): boolean => error instanceof Error && NETWORK.has(error.name);

export function sayEvent(event: ReportEvent): string {
  if (event.event === 'update-ended') return event.outcome;
  return event.event === 'update-state' ? event.state : event.event;
}
