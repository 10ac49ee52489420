/**
 * Beat 15: every fact reaches the control plane exactly once. A loop of its own: what an update decides never
 * waits for it, and it goes on while an update runs.
 */
import { type Client, ProblemError } from '@fairlead/shared/api/client';
import type { robotApi } from '@fairlead/shared/api/robot-api';
import { Failure } from '@fairlead/shared/failure';
import type { RobotId } from '@fairlead/shared/ids';
import type { KeptReports } from './kept-reports.ts';
import type { Spool } from './outbox.ts';
import type { ReportChain } from './report-chain.ts';

/** Reports of one request: about 1 KB each. */
const BATCH = 50;

export interface Delivery {
  readonly robot: RobotId;
  readonly spool: Spool;
  readonly chain: ReportChain;
  readonly client: Pick<Client<typeof robotApi>, 'report'>;
  /** Without it, what a restored control plane has lost stays lost. */
  readonly again?: SendAgain;
}

export interface SendAgain {
  readonly kept: KeptReports;
  /** The last report that the control plane has by its answer to a check-in, where some are missing there. Told once. */
  takeStored(): number | undefined;
  /** How many reports are sent once more; 0 where none of those that are missing was kept. */
  onMissing(sentAgain: number): void;
}

/**
 * Sends one batch. Resolves to how many facts are still to go; rejects where the server could not be convinced. After
 * each of the `failures` in a row the batch is half as large: what is too much for the line is not sent over and over.
 */
export async function deliverOnce(delivery: Delivery, failures = 0, signal?: AbortSignal): Promise<number> {
  const { spool, chain, again } = delivery;
  const stored = again?.takeStored();
  if (stored !== undefined && !(await sendAgain(delivery, stored))) again?.onMissing(0);
  await fillFlight(spool, chain);
  const flying = chain.flight().length;
  if (flying > 0) {
    const last = await send(delivery, Math.max(1, BATCH >> Math.min(failures, 16)), signal);
    if (!(await sendAgain(delivery, last))) await land(delivery, last);
    if (chain.flight().length === flying) throw new Failure(STANDSTILL);
  }
  return spool.count() + chain.flight().length;
}

/** What the control plane has taken is kept before it is let go of. */
async function land({ chain, again }: Delivery, last: number): Promise<void> {
  again?.kept.keep(chain.flight().filter(({ seq }) => seq <= last));
  await chain.land(last);
}

/** Whether the control plane has lost reports and these are in flight again. */
async function sendAgain({ chain, again }: Delivery, stored: number): Promise<boolean> {
  const acknowledged = chain.acknowledged();
  if (!again || stored >= acknowledged) return false;
  const reports = again.kept.keptUpTo(chain.keyid, acknowledged, stored);
  if (reports.length === 0) return false;
  await chain.sendAgain(reports);
  again.onMissing(reports.length);
  return true;
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

async function send({ robot, chain, client, again }: Delivery, most: number, signal?: AbortSignal): Promise<number> {
  const oldestKept = again?.kept.oldestKept(chain.keyid, chain.acknowledged());
  const post = async (count: number): Promise<number> => {
    const envelopes = chain
      .flight()
      .slice(0, count)
      .map((signed) => signed.envelope);
    const body = { envelopes, ...(oldestKept !== undefined && { oldestKept }) };
    const reply = await client.report({ params: { robot }, body }, signal && { signal });
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
