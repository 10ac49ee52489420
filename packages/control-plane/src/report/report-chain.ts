/**
 * Where a report belongs in its robot's chain (TRUST 4.10, 4.11). One key has one chain; two contents for one
 * place mean that two machines speak with one key. Pure.
 */
import type { Sha256 } from '@fairlead/shared/ids';
import { GENESIS_REPORT } from '@fairlead/shared/trust/report';
import type { ChainLink } from '../store/reports.ts';

export type Place =
  /** It continues the chain. */
  | 'next'
  /** It is stored already, byte for byte: the last answer was lost. */
  | 'repeat'
  /** Reports between the chain's end and this one are not here: this database was restored from a backup. */
  | 'after-gap'
  /** Another report has its place, or it continues another past than ours. */
  | 'fork';

export function placeInChain(
  head: ChainLink | undefined,
  report: ChainLink & { readonly prevReportSha256: Sha256 },
  /** What is stored at the report's own place, if anything. */
  stored: ChainLink | undefined,
): Place {
  const last = head ?? { seq: 0, sha256: GENESIS_REPORT };
  if (report.seq > last.seq + 1) return 'after-gap';
  if (report.seq === last.seq + 1) return report.prevReportSha256 === last.sha256 ? 'next' : 'fork';
  // A robot sends in order and never turns back into a gap: what comes from there is of the other machine.
  return stored?.sha256 === report.sha256 ? 'repeat' : 'fork';
}
