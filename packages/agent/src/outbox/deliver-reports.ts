/**
 * Beat 15: every fact reaches the control plane exactly once. A loop of its own: what an update decides never
 * waits for it, and it goes on while an update runs.
 */
import { type Client, ProblemError } from '@fairlead/shared/api/client';
import type { robotApi } from '@fairlead/shared/api/robot-api';
import { Failure } from '@fairlead/shared/failure';
import type { RobotId } from '@fairlead/shared/ids';
import type { Spool } from './outbox.ts';
import type { ReportChain } from './report-chain.ts';

/** Reports of one request: about 1 KB each. */
const BATCH = 50;

export interface Delivery {
  readonly robot: RobotId;
  readonly spool: Spool;
  readonly chain: ReportChain;
  readonly client: Pick<Client<typeof robotApi>, 'report'>;
}

/**
 * Sends one batch. Resolves to how many facts are still to go; rejects where the server could not be convinced. After
 * each of the `failures` in a row the batch is half as large: what is too much for the line is not sent over and over.
 */
export async function deliverOnce(delivery: Delivery, failures = 0, signal?: AbortSignal): Promise<number> {
  const { spool, chain } = delivery;
  await fillFlight(spool, chain);
  const flying = chain.flight().length;
  if (flying > 0) await chain.land(await send(delivery, Math.max(1, BATCH >> Math.min(failures, 16)), signal));
  if (flying > 0 && chain.flight().length === flying) throw new Failure(STANDSTILL);
  return spool.count() + chain.flight().length;
}

/** A control plane restored from an old backup: it asks for reports that this robot has let go of. */
const STANDSTILL = {
  phase: 'report',
  element: 'reports',
  category: 'not_acknowledged',
  detail: 'The control plane took the reports and acknowledged none of them.',
  retryable: true,
  hint: 'Was the control plane restored from a backup? Then enrol this robot again.',
} as const;

async function fillFlight(spool: Spool, chain: ReportChain): Promise<void> {
  // First what a crash left both here and in the queue, else it would be signed a second time.
  spool.remove(chain.flight().map((signed) => signed.key));
  if (chain.flight().length > 0) return;
  const events = spool.oldest(BATCH);
  if (events.length === 0) return;
  await chain.board(events);
  spool.remove(events.map((event) => event.key));
}

async function send({ robot, chain, client }: Delivery, most: number, signal?: AbortSignal): Promise<number> {
  const post = async (count: number): Promise<number> => {
    const envelopes = chain
      .flight()
      .slice(0, count)
      .map((signed) => signed.envelope);
    const reply = await client.report({ params: { robot }, body: { envelopes } }, signal && { signal });
    return reply.acknowledgedSeq;
  };
  try {
    return await post(most);
  } catch (error) {
    // Too large as a batch is not too large one by one.
    if (error instanceof ProblemError && error.problem.status === 413) return await post(1);
    throw error;
  }
}
