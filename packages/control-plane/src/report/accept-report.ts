/**
 * Beat 15: what robots report is durable before it is acknowledged, exactly once, and kept as the bytes they
 * signed. A batch goes in report by report: what is good is stored even where a later one is not.
 */
import type { robotApi } from '@fairlead/shared/api/robot-api';
import type { Refusal } from '@fairlead/shared/failure';
import { sayRefusal } from '@fairlead/shared/failure';
import type { RobotId, RolloutId, Sha256 } from '@fairlead/shared/ids';
import type { Clock } from '@fairlead/shared/time';
import type { Envelope } from '@fairlead/shared/trust/assignment';
import { type OpenedReport, openReport } from '@fairlead/shared/trust/sign-report';
import { needRobot } from '../fleet/list-robots.ts';
import type { FloodLimit } from '../http/flood-limit.ts';
import type { Handlers } from '../http/handlers.ts';
import { type ProblemReply, problem } from '../http/problem.ts';
import type { OrderBackDeps } from '../rollout/order-back.ts';
import type { Slices, Store } from '../store/store.ts';
import { applyReport } from './apply-report.ts';
import { isCloned, quarantine } from './quarantine.ts';
import { placeInChain } from './report-chain.ts';

/** Base64 characters of one report. The longest honest one has about 20 000. */
const LONGEST_PAYLOAD = 100_000;

export interface ReportDeps extends OrderBackDeps {
  readonly store: Store;
  readonly clock: Clock;
  readonly floodLimit: FloodLimit;
  /** After the transaction: each report that was new, for the heartbeat registry and the log. */
  readonly heard: (report: OpenedReport['report']) => void;
  /** For the log: the chain of this robot has a hole that only this server can have made. */
  readonly onGap: (robot: RobotId, seq: number) => void;
  readonly wake: (robots: readonly RobotId[]) => void;
  /** Lets the engine look at a rollout that this report is news for. */
  readonly poke: (rollout: RolloutId) => void;
}
interface Sender {
  readonly robot: RobotId;
  readonly keyid: Sha256;
}
interface Outcome {
  readonly acknowledgedSeq: number;
  readonly fresh: readonly OpenedReport[];
  readonly gaps: readonly number[];
  readonly touched: ReadonlySet<RolloutId>;
  /** Told after everything before it was stored. */
  readonly problem?: ProblemReply;
}

export const reportHandlers = (deps: ReportDeps): Handlers<Pick<typeof robotApi, 'report'>> => ({
  report: async ({ body, caller }) => ({
    acknowledgedSeq: await acceptReports(deps, caller, body.envelopes, body.oldestKept),
  }),
});

/**
 * Answers the last place of the robot's chain that is durable. Throws the problem to answer with. `oldestKept`: the robot
 * can send every report from this place on.
 */
export async function acceptReports(
  deps: ReportDeps,
  sender: Sender,
  envelopes: readonly Envelope[],
  oldestKept?: number,
): Promise<number> {
  const retryAfterSec = deps.floodLimit(sender.robot, weightOf(envelopes));
  if (retryAfterSec > 0) {
    throw problem('rate_limited', 'This robot reports more than it may.', { retryAfterSec, hint: 'Send them later.' });
  }
  const opened = await openAll(deps.store, sender, envelopes);
  const batch: Batch = { opened, oldestKept, now: deps.clock.now() };
  const outcome = await deps.store.transaction((slices) => storeAll(deps, slices, sender, batch));
  for (const { report } of outcome.fresh) deps.heard(report);
  for (const seq of outcome.gaps) deps.onGap(sender.robot, seq);
  if (outcome.fresh.length > 0) deps.wake([sender.robot]);
  for (const rollout of outcome.touched) deps.poke(rollout);
  if (outcome.problem) throw outcome.problem;
  return outcome.acknowledgedSeq;
}

/** Base64 characters of a report that counts as one; most have less than two thousand. */
const USUAL_PAYLOAD = 8192;

/** Ten long reports fill a disk as fast as a hundred short ones. */
const weightOf = (envelopes: readonly Envelope[]): number =>
  envelopes.reduce((sum, { payload }) => sum + Math.max(1, Math.ceil(payload.length / USUAL_PAYLOAD)), 0);

interface Opened extends OpenedReport {
  readonly envelope: Envelope;
}

/** Signatures are checked before the transaction: nobody else waits for arithmetic. */
async function openAll(
  store: Store,
  sender: Sender,
  envelopes: readonly Envelope[],
): Promise<(Opened | ProblemReply)[]> {
  const key = await store.robots.findKey(sender.keyid);
  if (!key) throw problem('bad_signature', 'No robot of this fleet speaks with that key.');
  const opened: (Opened | ProblemReply)[] = [];
  for (const envelope of envelopes) {
    const one = openOne(envelope, key.publicKey, sender.robot);
    opened.push(one);
    // Nothing behind a report that can't be read could be placed in the chain.
    if (one instanceof Error) break;
  }
  return opened;
}

function openOne(envelope: Envelope, publicKey: string, robot: RobotId): Opened | ProblemReply {
  if (envelope.payload.length > LONGEST_PAYLOAD) return problem('too_large', 'One report is too large.');
  const opened = openReport(envelope, publicKey);
  if (!opened.ok) return refused(robot, opened.refused.code, opened.refused.detail);
  const { report } = opened.value;
  if (report.robot !== robot) return refused(robot, 'wrong_robot', `It is the report of ${report.robot}.`);
  return { ...opened.value, envelope };
}

interface Batch {
  readonly opened: readonly (Opened | ProblemReply)[];
  readonly oldestKept: number | undefined;
  readonly now: number;
}

async function storeAll(
  deps: OrderBackDeps,
  slices: Slices,
  sender: Sender,
  { opened, oldestKept, now }: Batch,
): Promise<Outcome> {
  const { reports } = slices;
  let head = await reports.head(sender.keyid);
  const fresh: Opened[] = [];
  const gaps: number[] = [];
  const touched = new Set<RolloutId>();
  const done = (stopped?: ProblemReply): Outcome => {
    const told = stopped ?? firstUnknown;
    return { acknowledgedSeq: head?.seq ?? 0, fresh, gaps, touched, ...(told && { problem: told }) };
  };
  let firstUnknown: ProblemReply | undefined;
  const robot = await needRobot(slices, sender.robot);
  if (isCloned(robot)) return done(forked(robot.quarantined));
  for (const one of opened) {
    if (one instanceof Error) return done(one);
    const { seq, prevReportSha256 } = one.report;
    const link = { seq, sha256: one.sha256, prevReportSha256 };
    const place = placeInChain(head, link, await reports.find(sender.keyid, seq));
    if (place === 'fork') return done(forked(await quarantine(slices, robot, seq, now)));
    if (place === 'repeat') continue;
    // What is missing here is asked for before anything is taken that came after it, also where only a part of it was
    // kept: a report that comes from inside a gap is another machine's.
    if (place === 'after-gap' && oldestKept !== undefined && oldestKept < seq) return done();
    if (place === 'after-gap') gaps.push(seq);
    const { sha256, envelope } = one;
    await reports.add({ ...sender, seq, sha256, envelope, receivedAt: now });
    head = { seq, sha256 };
    fresh.push(one);
    const { unknown, rollouts = [] } = await applyReport(deps, slices, one.report, now);
    for (const rollout of rollouts) touched.add(rollout);
    // Said once, as an error; but kept, and acknowledged when it is sent again: one such report must not
    // stand in the way of everything the robot has to tell after it.
    if (unknown) firstUnknown ??= problem('refused', sayRefusal(unknown), { hint: unknown.hint, refusal: unknown });
  }
  return done();
}

const forked = (refusal: Refusal): ProblemReply =>
  problem('fork', sayRefusal(refusal), { hint: refusal.hint, refusal });

function refused(robot: RobotId, category: string, what: string): ProblemReply {
  const hint = 'The robot signs its reports with its own key; enrol it again if its disk was damaged.';
  const refusal: Refusal = { phase: 'report', element: robot, category, detail: what, retryable: false, hint };
  return problem('refused', sayRefusal(refusal), { hint, refusal });
}
