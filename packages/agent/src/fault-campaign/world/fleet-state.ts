/**
 * What the campaign's control plane knows of its robot: small and plain, so that one state can be kept per mark of a
 * recording and put back for every cut. Changes are new values.
 */
import type { DeploymentId, Sha256 } from '@fairlead/shared/ids';
import type { ReportEvent } from '@fairlead/shared/trust/report';

/** What somebody orders. */
export interface ReleaseWanted {
  readonly component: string;
  readonly version: string;
}
export interface Order extends ReleaseWanted {
  readonly deployment: DeploymentId;
}
export interface FleetState {
  /** The key that the robot's name belongs to since it was enrolled. */
  readonly key?: { readonly keyid: string; readonly publicKey: string };
  /** Given one after the other; the last one counts. */
  readonly orders: readonly Order[];
  /** Digest of every report that was acknowledged, in order: the robot's chain. */
  readonly chain: readonly Sha256[];
  /** Acknowledged, in order. */
  readonly reports: readonly ReportEvent[];
  /** How often the robot said something that an honest, whole robot never says. */
  readonly offences: readonly string[];
}

export const NEW_FLEET: FleetState = {
  orders: [],
  chain: [],
  reports: [],
  offences: [],
};

/** The next order. */
export function withOrder(state: FleetState, { component, version }: ReleaseWanted): FleetState {
  const number = String(state.orders.length + 1).padStart(10, '0');
  return { ...state, orders: [...state.orders, { component, version, deployment: `dep_${number}` as DeploymentId }] };
}

type Ended = Extract<ReportEvent, { event: 'update-ended' }>;

/** Every end of a deployment that was acknowledged. */
export const endsOf = (state: FleetState, deployment: DeploymentId): Ended[] =>
  state.reports.flatMap((report) =>
    report.event === 'update-ended' && report.deployment === deployment ? [report] : [],
  );

/** The newest version whose success was acknowledged. */
export function acknowledgedVersion(state: FleetState): string | undefined {
  const ended = state.reports.findLast((report) => report.event === 'update-ended' && report.outcome === 'succeeded');
  return ended?.event === 'update-ended' ? ended.active?.version : undefined;
}
