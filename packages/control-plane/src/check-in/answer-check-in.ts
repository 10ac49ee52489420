/**
 * Beat 4: a robot says how it is and asks what it should run. The answer is signed for this robot and this
 * question; "nothing" is signed too. Where there is no news the answer may wait for some (long-poll), so that
 * an order reaches an idle robot at once and a check-in per half minute is enough.
 */
import type { robotApi } from '@fairlead/shared/api/robot-api';
import type { ReplyOf, RequestOf } from '@fairlead/shared/api/route';
import { Metrics } from '@fairlead/shared/fleet/robot-facts';
import type { CheckInPace, Settings } from '@fairlead/shared/fleet/settings';
import type { RobotId, Sha256 } from '@fairlead/shared/ids';
import { parseEntries } from '@fairlead/shared/parse';
import { type Instant, SECOND, toTimestamp } from '@fairlead/shared/time';
import { signAssignment } from '@fairlead/shared/trust/sign-assignment';
import type { FleetSettings } from '../fleet/fleet-settings.ts';
import { needRobot } from '../fleet/list-robots.ts';
import { observedAt } from '../fleet/observed-at.ts';
import type { PresenceRegistry } from '../fleet/presence-registry.ts';
import type { Handlers } from '../http/handlers.ts';
import { problem } from '../http/problem.ts';
import { isCloned } from '../report/quarantine.ts';
import type { FleetRules } from '../rollout/rollout-deps.ts';
import type { Desired } from '../store/desired.ts';
import type { RobotFacts } from '../store/presence.ts';
import type { RobotRecord } from '../store/robots.ts';
import type { OnlineSigning } from '../trust/online-signing.ts';
import type { OutrunRobots } from '../trust/outrun-robots.ts';
import { onlineVersions } from '../trust/sign-online.ts';
import { buildAssignment } from './build-assignment.ts';
import { heldOrders } from './holds.ts';
import { offer } from './offer.ts';
import { type Observation, type ObservationDeps, recordObservation } from './record-observation.ts';
import type { WakeUpCalls } from './wake-up-calls.ts';

export interface CheckInDeps extends ObservationDeps {
  readonly presence: PresenceRegistry;
  readonly settings: FleetSettings;
  readonly signing: OnlineSigning;
  readonly calls: WakeUpCalls;
  /** Signs again above what this robot has seen, where a restored repository is behind it. */
  readonly outrun: OutrunRobots;
  readonly rules: () => FleetRules;
}
type CheckIn = (typeof robotApi)['checkIn'];
type Question = RequestOf<CheckIn>['body'];
type Answer = ReplyOf<CheckIn>;

export const checkInHandlers = (deps: CheckInDeps): Handlers<Pick<typeof robotApi, 'checkIn'>> => ({
  checkIn: async (request) => {
    const { params, caller } = request;
    const storedReports = await missingFrom(deps, caller.keyid, request.body);
    const body = { ...request.body, unsentReports: unsentOf(request.body, storedReports) };
    const now = deps.signing.clock.now();
    const robot = await needRobot(deps.store, params.robot);
    const said = factsOf(body, observedAt(caller.signedAt, now));
    const facts = robot.lifecycle === 'accepted' ? said : factsOfPending(said);
    // Where two machines use its key, it is unknown which of them this is.
    if (!isCloned(robot) && !deps.presence.seen(params.robot, facts, now)) throw arrivedLate(params.robot, now);
    const observation = { robot, facts, understandsHolds: understandsHolds(body), now };
    // A robot that is to send reports again hears it at once.
    const waitSec = storedReports === undefined ? body.waitSec : 0;
    const patience = Math.min(waitSec, deps.settings.now().longPollSec) * SECOND;
    const desired =
      patience > 0
        ? await recordAndWait(deps, observation, { knownSeq: body.knownSeq, patience, signal: request.signal })
        : await recordObservation(deps, observation);
    const answered = await answer(deps, await needRobot(deps.store, params.robot), desired, body);
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

/** Answers the orders of the robot as soon as they differ from what it knows, and at the latest when its patience ends. */
async function recordAndWait(
  deps: CheckInDeps,
  observation: Observation,
  { knownSeq, patience, signal }: { knownSeq: number; patience: number; signal: AbortSignal },
): Promise<Desired> {
  const { robot } = observation.robot;
  const call = deps.calls.listen(robot);
  const timer = setTimeout(call.hangUp, patience);
  signal.addEventListener('abort', call.hangUp, { once: true });
  try {
    const desired = await recordObservation(deps, observation);
    if (desired.generation !== knownSeq || signal.aborted) return desired;
    await call.heard;
    return await deps.store.desired.of(robot);
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', call.hangUp);
    call.hangUp();
  }
}

const understandsHolds = ({ understands }: Question): boolean => understands?.includes('hold') ?? false;

async function answer(deps: CheckInDeps, robot: RobotRecord, desired: Desired, question: Question): Promise<Answer> {
  const now = deps.signing.clock.now();
  const assignment = await signedAssignment(deps, robot, desired, question);
  return {
    lifecycle: robot.lifecycle,
    ...(robot.quarantined && { quarantined: robot.quarantined }),
    ...(assignment && { assignment }),
    next: paceOf(deps.settings.now()),
    understands: ['hold', 'next'],
    serverTime: toTimestamp(now),
  };
}

const paceOf = ({ checkInIntervalSec, checkInJitterSec, longPollSec }: Settings): CheckInPace => ({
  intervalSec: checkInIntervalSec,
  jitterSec: checkInJitterSec,
  waitSec: longPollSec,
});

/** Undefined for a robot that may not be told anything: not accepted, quarantined, or no trust to vouch for it. */
async function signedAssignment(deps: CheckInDeps, robot: RobotRecord, seen: Desired, question: Question) {
  const { store, signing } = deps;
  if (robot.lifecycle !== 'accepted' || robot.quarantined) return undefined;
  await deps.outrun(robot.robot, question.trust);
  const versions = await onlineVersions(store.metadata);
  if (versions.timestamp === 0) return undefined;
  const now = signing.clock.now();
  const { deployments } = seen;
  const asked = { robot, deployments, rules: deps.rules(), understandsHolds: understandsHolds(question), now };
  const held = await heldOrders(store, asked);
  const desired = await offer(store, robot, seen, { knownSeq: question.knownSeq, isWithheld: held.isWithheld, now });
  const next = question.understands?.includes('next') ? paceOf(deps.settings.now()) : undefined;
  const assignment = buildAssignment({ robot, desired, versions, held, nonce: question.nonce, next, now });
  return signAssignment(assignment, signing.keys.director);
}

/** The question without what only this one exchange needs. */
function factsOf(
  {
    nonce: _nonce,
    knownSeq: _seq,
    waitSec: _wait,
    understands: _understands,
    acknowledgedReports: _acknowledged,
    metrics,
    ...facts
  }: Question,
  at: Instant,
): RobotFacts {
  return { ...facts, ...(metrics && { metrics: parseEntries(Metrics, metrics) }), observedAt: at };
}

/**
 * Of a pending robot only what an operator needs to accept it: a thousand of them can be enrolled without a token, and each
 * could have half a megabyte kept in memory.
 */
const factsOfPending = ({ bootId, agentVersion, inventory, observedAt: at }: RobotFacts): RobotFacts => ({
  ...(bootId !== undefined && { bootId }),
  ...(agentVersion !== undefined && { agentVersion }),
  ...(inventory && { inventory }),
  ...(at !== undefined && { observedAt: at }),
});

/**
 * With the time of the server: a robot whose clock was set back signs the same check-in again and is accepted. A check-in that
 * was delayed on its way has no reader any more.
 */
const arrivedLate = (robot: RobotId, now: Instant) =>
  problem('clock_skew', `${robot} has signed a later check-in or report than this one.`, {
    hint: 'Nothing was changed. Sign it again with the time of the server.',
    serverTime: toTimestamp(now),
  });
