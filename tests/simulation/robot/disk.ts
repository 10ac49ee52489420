/** What a virtual robot keeps through a power cut. Each write is durable at once: the agent's own disk tests are elsewhere. */
import type { QueuedEvent, ReportEvent, Spool } from '@fairlead/agent/outbox/outbox';
import type { ReportChain } from '@fairlead/agent/outbox/report-chain';
import type { ComponentHealth } from '@fairlead/shared/fleet/robot-facts';
import type { DeploymentId, RobotId, Sha256 } from '@fairlead/shared/ids';
import { type Instant, toTimestamp } from '@fairlead/shared/time';
import type { Envelope } from '@fairlead/shared/trust/assignment';
import { sha256Hex } from '@fairlead/shared/trust/digest';
import type { Signer } from '@fairlead/shared/trust/ed25519';
import { GENESIS_REPORT } from '@fairlead/shared/trust/report';
import { signReport } from '@fairlead/shared/trust/sign-report';
import type { InstalledRelease, Journal } from '@fairlead/shared/update/journal';

interface Signed {
  readonly key: string;
  readonly seq: number;
  readonly sha256: Sha256;
  readonly envelope: Envelope;
}

export interface Disk {
  journal?: Journal;
  active?: InstalledRelease;
  previous?: InstalledRelease;
  /** The last release that came through its probation. */
  committed?: InstalledRelease;
  last?: { readonly seq: number; readonly sha256: Sha256 };
  floor: Instant;
  queue: QueuedEvent[];
  flight: Signed[];
  acknowledged: { seq: number; sha256: Sha256 };
  readonly ended: Set<DeploymentId>;
  /** The robot's own log of everything it ever signed, in order; the agent has no such thing, a simulation does. */
  readonly signed: Sha256[];
  /** How the robot ended its deployments. */
  readonly outcomes: Map<DeploymentId, string>;
  appended: number;
  /** From the health checks after the commit; absent while no round was conclusive. */
  health?: ComponentHealth;
  /** What will happen to the committed release, drawn at its commit. */
  fate?: Fate;
}
/** The simulation's own record: the release begins to fail at `at`, unless another one runs by then. */
export interface Fate {
  readonly deployment: DeploymentId;
  readonly release: Sha256;
  readonly what: 'degrade' | 'go-silent';
  readonly at: Instant;
  /** When it recovers by itself; absent where it never does. */
  readonly until?: Instant;
}

export const freshDisk = (): Disk => ({
  floor: 0,
  queue: [],
  flight: [],
  acknowledged: { seq: 0, sha256: GENESIS_REPORT },
  ended: new Set(),
  signed: [],
  outcomes: new Map(),
  appended: 0,
});

export interface SpoolDeps {
  readonly now: () => Instant;
  readonly clockTrust: () => QueuedEvent['clockTrust'];
  readonly bootId: string;
  readonly onAppend: (event: ReportEvent) => void;
}

export function diskSpool(disk: Disk, deps: SpoolDeps): Spool {
  return {
    append(body) {
      disk.appended += 1;
      const { bootId } = deps;
      const head = { key: String(disk.appended), time: toTimestamp(deps.now()), clockTrust: deps.clockTrust(), bootId };
      disk.queue.push({ ...head, body });
      if (body.event === 'update-ended') {
        disk.ended.add(body.deployment);
        disk.outcomes.set(body.deployment, body.outcome);
      }
      deps.onAppend(body);
    },
    count: () => disk.queue.length,
    hasEnded: (deployment) => disk.ended.has(deployment),
    oldest: (limit) => disk.queue.slice(0, limit),
    remove(keys) {
      if (keys.length > 0) disk.queue = disk.queue.filter(({ key }) => !keys.includes(key));
    },
    close: () => {},
  };
}

export function diskChain(disk: Disk, robot: RobotId, signer: Signer): ReportChain {
  const head = () => disk.flight.at(-1) ?? disk.acknowledged;
  return {
    keyid: signer.keyid,
    flight: () => disk.flight,
    acknowledged: () => disk.acknowledged.seq,
    sendAgain: async () => {},
    async board(events) {
      for (const { key, body, ...event } of events) {
        const seq = head().seq + 1;
        const report = {
          schema: 'fairlead.report.v1',
          robot,
          seq,
          prevReportSha256: head().sha256,
          ...event,
          body,
        } as const;
        const envelope = signReport(report, signer);
        const sha256 = sha256Hex(Buffer.from(envelope.payload, 'base64'));
        disk.flight.push({ key, seq, sha256, envelope });
        disk.signed.push(sha256);
      }
    },
    async land(seq) {
      if (seq > head().seq) throw new Error(`the server has reports up to ${seq}, and ${head().seq} were signed`);
      const landed = disk.flight.findLast((signed) => signed.seq <= seq);
      if (!landed) return;
      disk.acknowledged = { seq: landed.seq, sha256: landed.sha256 };
      disk.flight = disk.flight.filter((signed) => signed.seq > seq);
    },
  };
}
