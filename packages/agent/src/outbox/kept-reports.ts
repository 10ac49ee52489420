/**
 * Port: the newest reports that the control plane has acknowledged, as they were signed. One that is restored from a
 * backup does not know them any more: it is sent the same bytes again, so that its chain has neither gap nor fork.
 */
import type { Sha256 } from '@fairlead/shared/ids';
import type { SignedReport } from './report-chain.ts';

export interface KeptReports {
  /** Never throws: what is not kept can't be sent again, and nothing else changes. */
  keep(reports: readonly SignedReport[]): void;
  /** In order and without a gap up to `last`, those behind `after` as far as they are kept. */
  keptUpTo(keyid: Sha256, last: number, after: number): readonly SignedReport[];
  /** Where `keptUpTo` begins for all of them; undefined where `last` itself is not kept. */
  oldestKept(keyid: Sha256, last: number): number | undefined;
}
