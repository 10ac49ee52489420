/**
 * Beat 4: a robot says how it is and asks what it should run. The answer is signed for this robot and this
 * question; "nothing" is signed too. Where there is no news the answer may wait for some (long-poll), so that
 * an order reaches an idle robot at once and a check-in per half minute is enough.
 */
import type { robotApi } from '@fairlead/shared/api/robot-api';
import type { ReplyOf, RequestOf } from '@fairlead/shared/api/route';
import type { RobotId, RolloutId, Sha256 } from '@fairlead/shared/ids';
import { type Instant, SECOND, toTimestamp } from '@fairlead/shared/time';
import { signAssignment } from '@fairlead/shared/trust/sign-assignment';
import type { FleetSettings } from '../fleet/fleet-settings.ts';
import { needRobot } from '../fleet/list-robots.ts';
import type { PresenceRegistry } from '../fleet/presence-registry.ts';
import type { Handlers } from '../http/handlers.ts';
import { isCloned } from '../report/quarantine.ts';
import { carriedOutLate, type OrderBackDeps, orderBack } from '../rollout/order-back.ts';
import type { FleetRules } from '../rollout/rollout-deps.ts';
import type { Desired } from '../store/desired.ts';
import type { RobotFacts } from '../store/presence.ts';
import type { RobotRecord } from '../store/robots.ts';
import type { OnlineSigning } from '../trust/online-signing.ts';
import type { OutrunRobots } from '../trust/outrun-robots.ts';
import { onlineVersions } from '../trust/sign-online.ts';
import { buildAssignment } from './build-assignment.ts';
import { heldOrders, noteReadiness } from './holds.ts';
import { offer } from './offer.ts';
import type { ReconcileAlarms } from './reconcile-alarms.ts';
import { type RecordHealthDeps, recordHealth } from './record-health.ts';
import type { WakeUpCalls } from './wake-up-calls.ts';

export interface CheckInDeps extends OrderBackDeps, RecordHealthDeps {
  readonly presence: PresenceRegistry;
  readonly settings: FleetSettings;
  readonly signing: OnlineSigning;
  readonly calls: WakeUpCalls;
  /** Signs again above what this robot has seen, where a restored repository is behind it. */
  readonly outrun: OutrunRobots;
  readonly rules: () => FleetRules;
  /** Orders again what the robot should run and, by this check-in, does not. */
  readonly repair: (robot: RobotId, facts: RobotFacts) => Promise<void>;
  readonly reconcileAlarms: ReconcileAlarms;
  /** Lets the engine look at a rollout at once. */
  readonly poke: (rollout: RolloutId) => void;
}
type CheckIn = (typeof robotApi)['checkIn'];
type Question = RequestOf<CheckIn>['body'];
type Answer = ReplyOf<CheckIn>;

export const checkInHandlers = (deps: CheckInDeps): Handlers<Pick<typeof robotApi, 'checkIn'>> => ({
  checkIn: async (request) => {
    const { params } = request;
    const storedReports = await missingFrom(deps, request.caller.keyid, request.body);
    const body = { ...request.body, unsentReports: unsentOf(request.body, storedReports) };
    const facts = factsOf(body);
    // Where two machines use its key, nobody knows which of them this is.
    if (!isCloned(await needRobot(deps.store, params.robot))) {
      deps.presence.seen(params.robot, facts, deps.signing.clock.now());
      await deps.repair(params.robot, facts);
    }
    // A robot that is to send reports again hears it at once.
    const waitSec = storedReports === undefined ? body.waitSec : 0;
    const patience = Math.min(waitSec, deps.settings.now().longPollSec) * SECOND;
    if (patience > 0) await waitForNews(deps, params.robot, body, patience, request.signal);
    else await readDesired(deps, params.robot, body);
    const answered = await answer(deps, await needRobot(deps.store, params.robot), body);
    return { ...answered, ...(storedReports !== undefined && { storedReports }) };
  },
});

/** The last report that is stored, where it is not the last one that this robot was acknowledged; else undefined. */
async function missingFrom(
  { store }: CheckInDeps,
  keyid: Sha256,
  { acknowledgedReports = 0 }: Question,
): Promise<number | undefined> {
  if (acknowledgedReports === 0) return undefined;
  const stored = (await store.reports.head(keyid))?.seq ?? 0;
  return stored < acknowledgedReports ? stored : undefined;
}

/** Reports that are to be sent again are not here yet: until then what the robot says may have a reason in them. */
const unsentOf = ({ unsentReports, acknowledgedReports = 0 }: Question, stored = acknowledgedReports): number =>
  unsentReports + acknowledgedReports - stored;

/** Resolves as soon as the robot's order differs from what it knows, and at the latest when its patience ends. */
async function waitForNews(
  deps: CheckInDeps,
  robot: RobotId,
  question: Question,
  patience: number,
  signal: AbortSignal,
): Promise<void> {
  const call = deps.calls.listen(robot);
  const timer = setTimeout(call.hangUp, patience);
  signal.addEventListener('abort', call.hangUp, { once: true });
  try {
    const { generation } = await readDesired(deps, robot, question);
    if (generation === question.knownSeq && !signal.aborted) await call.heard;
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', call.hangUp);
    call.hangUp();
  }
}

/**
 * Reads the robot's orders, and records the health that it reports of the releases that these have installed: unless two
 * machines use its key, whose reports are not believed either.
 */
async function readDesired(deps: CheckInDeps, robot: RobotId, question: Question): Promise<Desired> {
  const { store, signing, poke } = deps;
  const desired = await store.desired.of(robot);
  if (isCloned(await needRobot(store, robot))) return desired;
  const now = signing.clock.now();
  const facts = factsOf(question);
  for (const rollout of await recordHealth(deps, desired, robot, facts, now)) poke(rollout);
  for (const rollout of await deps.reconcileAlarms(robot, facts, now)) poke(rollout);
  return desired;
}

async function answer(deps: CheckInDeps, robot: RobotRecord, question: Question): Promise<Answer> {
  const now = deps.signing.clock.now();
  const assignment = await signedAssignment(deps, robot, question);
  const { checkInIntervalSec, checkInJitterSec, longPollSec } = deps.settings.now();
  return {
    lifecycle: robot.lifecycle,
    ...(robot.quarantined && { quarantined: robot.quarantined }),
    ...(assignment && { assignment }),
    next: { intervalSec: checkInIntervalSec, jitterSec: checkInJitterSec, waitSec: longPollSec },
    serverTime: toTimestamp(now),
  };
}

/** Undefined for a robot that may not be told anything: not accepted, quarantined, or no trust to vouch for it. */
async function signedAssignment(deps: CheckInDeps, robot: RobotRecord, question: Question) {
  const { store, signing } = deps;
  if (robot.lifecycle !== 'accepted' || robot.quarantined) return undefined;
  await deps.outrun(robot.robot, question.trust);
  const versions = await onlineVersions(store.metadata);
  if (versions.timestamp === 0) return undefined;
  const now = signing.clock.now();
  const understandsHolds = question.understands?.includes('hold') ?? false;
  const seen = await desiredNow(deps, robot, { activity: question.activity, understandsHolds }, question, now);
  const { deployments } = seen;
  const held = await heldOrders(store, { robot, deployments, rules: deps.rules(), understandsHolds, now });
  const desired = await offer(store, robot, seen, { knownSeq: question.knownSeq, isWithheld: held.isWithheld, now });
  const assignment = buildAssignment({ robot, desired, versions, held, nonce: question.nonce, now });
  return signAssignment(assignment, signing.keys.director);
}

/** What the robot should run, after what it says of its readiness was written down. */
async function desiredNow(
  deps: CheckInDeps,
  { robot }: RobotRecord,
  said: Parameters<typeof noteReadiness>[2],
  facts: RobotFacts,
  now: Instant,
): Promise<Desired> {
  const { store, poke } = deps;
  const seen = await ordersAfterReturn(deps, robot, facts, now);
  const news = await noteReadiness(store, seen.deployments, said, now);
  if (!news?.part) return seen;
  poke(news.part.rollout);
  return store.desired.of(robot);
}

/** A robot that carried out an order after the server gave it up, and whose release is undone since, is ordered back. */
async function ordersAfterReturn(deps: CheckInDeps, robot: RobotId, facts: RobotFacts, now: Instant): Promise<Desired> {
  const { store } = deps;
  const seen = await store.desired.of(robot);
  const undone = facts.activity?.state === 'idle' ? carriedOutLate(seen.deployments, facts) : undefined;
  if (!undone) return seen;
  const ordered = await store.transaction((slices) => orderBack(deps, slices, undone, facts, now));
  return ordered ? store.desired.of(robot) : seen;
}

/** The question without what only this one exchange needs. */
function factsOf({
  nonce: _nonce,
  knownSeq: _seq,
  waitSec: _wait,
  understands: _understands,
  acknowledgedReports: _acknowledged,
  ...facts
}: Question): RobotFacts {
  return facts;
}
