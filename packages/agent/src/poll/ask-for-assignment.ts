/**
 * Beat 4: the robot says how it is and asks what it should run. The question carries a nonce, and its round trip
 * is measured, because the signed answer is also where the robot gets the time from.
 */
import { randomBytes } from 'node:crypto';
import type { Client } from '@fairlead/shared/api/client';
import type { robotApi } from '@fairlead/shared/api/robot-api';
import type { ReplyOf, RequestOf } from '@fairlead/shared/api/route';
import type { Activity, ComponentState, Inventory, Metrics } from '@fairlead/shared/fleet/robot-facts';
import type { RobotId } from '@fairlead/shared/ids';
import { SECOND } from '@fairlead/shared/time';
import type { TrustStore } from '@fairlead/toolkit/trust/trust-store';
import type { RoundTrip } from '../clock/agent-clock.ts';
import type { Facts } from '../inventory/facts.ts';
import { AGENT_VERSION } from '../version.ts';

/** Beyond the long-poll: question and answer over a line of 8 kbit/s. A server that vanished is noticed by it. */
const BEYOND_MS = 30 * SECOND;

export interface AskDeps {
  readonly robot: RobotId;
  readonly bootId: string;
  readonly client: Pick<Client<typeof robotApi>, 'checkIn'>;
  readonly trust: Pick<TrustStore, 'lastAssignment' | 'versions'>;
  readonly facts: Facts;
  readonly components: () => Promise<readonly ComponentState[]>;
  readonly activity: () => Activity;
  readonly unsentReports: () => number;
  /** The last report that the control plane has acknowledged. */
  readonly acknowledgedReports: () => number;
  /** The control plane has reports up to this one only: it was restored from a backup. */
  readonly onReportsMissing: (stored: number) => void;
  /** What the application measured of itself lately. */
  readonly metrics: () => Metrics;
  /** Milliseconds that no NTP step touches. */
  readonly monotonic: () => number;
}
export interface Asked extends RoundTrip {
  readonly nonce: string;
  readonly reply: ReplyOf<(typeof robotApi)['checkIn']>;
}
export interface Questioner {
  /** Rejects as the client does; the inventory is sent until it arrived once. `waitSec`: patience for news. */
  ask(waitSec: number, signal: AbortSignal): Promise<Asked>;
}

export function createQuestioner(deps: AskDeps): Questioner {
  let told: Inventory | undefined;
  /** Whether the control plane can sign the pace; one that cannot refuses a question that asks for it. */
  let signsPace = false;
  return {
    async ask(waitSec, signal) {
      const nonce = randomBytes(16).toString('hex');
      const inventory = await deps.facts.inventory();
      const metrics = deps.metrics();
      const acknowledgedReports = deps.acknowledgedReports();
      const body: RequestOf<(typeof robotApi)['checkIn']>['body'] = {
        nonce,
        bootId: deps.bootId,
        agentVersion: AGENT_VERSION,
        knownSeq: deps.trust.lastAssignment()?.seq ?? 0,
        waitSec,
        components: [...(await deps.components())],
        activity: deps.activity(),
        trust: deps.trust.versions(),
        vitals: await deps.facts.vitals(),
        ...(Object.keys(metrics).length > 0 && { metrics }),
        ...(told !== inventory && { inventory }),
        unsentReports: deps.unsentReports(),
        acknowledgedReports,
        understands: signsPace ? ['hold', 'next'] : ['hold'],
      };
      const askedAt = deps.monotonic();
      const asked = { params: { robot: deps.robot }, body };
      // Until the next answer says so again: an older control plane may have taken its place.
      signsPace = false;
      const reply = await deps.client.checkIn(asked, { signal, patienceMs: waitSec * SECOND + BEYOND_MS });
      signsPace = reply.understands?.includes('next') ?? false;
      told = inventory;
      const stored = reply.storedReports;
      if (stored !== undefined && stored < acknowledgedReports) deps.onReportsMissing(stored);
      return { nonce, reply, askedAt, answeredAt: deps.monotonic() };
    },
  };
}
