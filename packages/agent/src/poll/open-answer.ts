/**
 * Beat 4: what the director says to this robot, if it is the director, if it says it to this robot, in answer to
 * this question. From here on the time is known too. Which releases may run is decided per order (verify-order.ts).
 */
import { accept, type Refusal, type Result, refuse } from '@fairlead/shared/failure';
import type { Assignment, Envelope } from '@fairlead/shared/trust/assignment';
import { DIRECTOR_TARGET } from '@fairlead/shared/trust/names';
import { openAssignment } from '@fairlead/shared/trust/open-assignment';
import { DirectorKeys } from '@fairlead/shared/trust/targets';
import type { TrustStore } from '@fairlead/toolkit/trust/trust-store';
import { type AgentClock, isFresh, type RoundTrip } from '../clock/agent-clock.ts';
import type { RobotIdentity } from '../identity/robot-identity.ts';
import { readSigned, recallSigned } from './signed-document.ts';

export interface Answer extends RoundTrip {
  readonly envelope: Envelope;
  /** What this robot sent with its question. */
  readonly nonce: string;
}
export interface OpenDeps {
  readonly identity: Pick<RobotIdentity, 'robot' | 'environment'>;
  readonly trust: TrustStore;
  readonly clock: AgentClock;
  /** How far the system clock is off, after every answer that can tell. */
  readonly onSkew: (skew: { readonly skewMs: number; readonly isLarge: boolean }) => void;
}

export interface OpenedAnswer {
  readonly assignment: Assignment;
  /**
   * Why the metadata could not be brought up to what the director demands: nothing may be installed, but what
   * the answer withdraws is withdrawn.
   */
  readonly behind?: Refusal;
}

/** Opens the answer, remembers it against replay, believes its time, and brings trust up to what it demands. */
export async function openAnswer(answer: Answer, deps: OpenDeps): Promise<Result<OpenedAnswer>> {
  const { trust, clock } = deps;
  const known = recallSigned(trust, DIRECTOR_TARGET, DirectorKeys);
  let opened = known && tryToOpen(answer, known, deps);
  if (!opened?.ok && (opened === undefined || opened.refused.code === 'bad_signature')) {
    // The first contact, or the director's keys were changed since: the offline role says which they are now.
    const newest = await newestDirectorKeys(trust, clock);
    if (!newest.ok) return newest;
    opened = tryToOpen(answer, newest.value, deps);
  }
  if (!opened.ok) return refuse(sayTrust('assignment', opened.refused));

  const { assignment, desiredSha256, issuedAt } = opened.value;
  trust.rememberAssignment(assignment.seq, desiredSha256);
  const skew = clock.believe({ time: issuedAt, askedAt: answer.askedAt, answeredAt: answer.answeredAt });
  if (skew) deps.onSkew(skew);
  const current = await catchUp(assignment, deps);
  return accept({ assignment, ...(!current.ok && { behind: current.refused }) });
}

function tryToOpen(answer: Answer, directorKeys: DirectorKeys, { identity, trust, clock }: OpenDeps) {
  return openAssignment({
    envelope: answer.envelope,
    directorKeys,
    robot: identity.robot,
    environment: identity.environment,
    nonce: answer.nonce,
    last: trust.lastAssignment(),
    now: clock.now(),
    ...(isFresh(answer) && { floor: trust.timeFloor() }),
  });
}

async function newestDirectorKeys(trust: TrustStore, clock: AgentClock): Promise<Result<DirectorKeys>> {
  const refreshed = await trust.refresh(clock.now());
  if (!refreshed.ok) return refuse(sayTrust('trust metadata', refreshed.refused));
  const keys = await readSigned(trust, DIRECTOR_TARGET, DirectorKeys);
  if (!keys.ok) return refuse(sayTrust(DIRECTOR_TARGET, keys.refused));
  if (keys.value) return accept(keys.value);
  return refuse(
    sayTrust(DIRECTOR_TARGET, { code: 'not_found', detail: 'no director keys are signed', retryable: true }),
  );
}

/** The director has seen newer metadata than this robot: a mirror that still serves the old one is not believed. */
async function catchUp(assignment: Assignment, { trust, clock }: OpenDeps): Promise<Result<void>> {
  const isBehind = () => {
    const { timestamp, snapshot } = trust.versions();
    return timestamp < assignment.minTimestampVersion || snapshot < assignment.minSnapshotVersion;
  };
  if (!isBehind()) return accept(undefined);
  const refreshed = await trust.refresh(clock.now());
  if (!refreshed.ok) return refuse(sayTrust('trust metadata', refreshed.refused));
  if (!isBehind()) return accept(undefined);
  const { timestamp, snapshot } = trust.versions();
  const detail =
    `the metadata served (timestamp ${timestamp}, snapshot ${snapshot}) is older than what the director demands ` +
    `(${assignment.minTimestampVersion}, ${assignment.minSnapshotVersion})`;
  return refuse(sayTrust('trust metadata', { code: 'rollback', detail, retryable: true }));
}

/** A trust refusal as people, reports and `explain` see it. */
export function sayTrust(element: string, refused: { code: string; detail: string; retryable: boolean }): Refusal {
  const { code, detail, retryable } = refused;
  return {
    phase: 'check-in',
    element,
    category: code,
    detail: `${detail.charAt(0).toUpperCase()}${detail.slice(1)}.`,
    // This robot's disk says nothing about an order: that waits, as for a network, and is not rejected.
    retryable: retryable || code === 'store_damaged',
    hint:
      HINTS[code] ?? 'If it persists, somebody is between this robot and its control plane: look at the server URL.',
  };
}

const HINTS: Readonly<Record<string, string>> = {
  expired: 'Check the robot’s clock, and that the control plane re-signs its timestamp (GET /health/ready).',
  unavailable: 'Check the network between robot and control plane.',
  slow: 'Check the network between robot and control plane.',
  no_root: 'Give agent.yaml a root that the server knows: trust.rootSha256 or trust.rootFile.',
  not_found: 'Publish the release in this robot’s environment, or withdraw the deployment.',
  store_damaged: 'Check the disk of this robot.',
  wrong_robot: 'Is this robot’s disk a copy of another robot’s? Then enrol it again with a new key.',
};
