/** Accepted robots of a control plane that publishes: the usual beginning of a story. */
import { randomBytes } from 'node:crypto';
import type { ComponentState } from '@fairlead/shared/fleet/robot-facts';
import type { EnvironmentName, Sha256 } from '@fairlead/shared/ids';
import { parse } from '@fairlead/shared/parse';
import { type Instant, toTimestamp } from '@fairlead/shared/time';
import type { Assignment, Envelope } from '@fairlead/shared/trust/assignment';
import { sha256Hex } from '@fairlead/shared/trust/digest';
import { openAssignment } from '@fairlead/shared/trust/open-assignment';
import { GENESIS_REPORT, type ReportEvent, RunningRelease } from '@fairlead/shared/trust/report';
import { directorKeys } from '@fairlead/shared/trust/repository';
import { signReport } from '@fairlead/shared/trust/sign-report';
import { componentsAfter } from '../report/components-after.ts';
import { type TestControlPlane, type TestOptions, testControlPlane } from './test-control-plane.ts';
import { type BuiltRelease, type TestPublisher, testPublisher } from './test-publisher.ts';
import { type CheckInBody, type EnrolBody, type TestRobot, testRobot } from './test-robot.ts';

export interface Answered {
  /** Verified as a robot would; undefined where the answer holds none. */
  readonly assignment?: Assignment;
  readonly lifecycle: string;
}
export interface FleetRobot extends TestRobot {
  /** Checks in and verifies the answer against the director's key. Reports the same components as before unless given. */
  ask(more?: Partial<CheckInBody>): Promise<Answered>;
  /** Says in a check-in that this runs, with `previous` behind it. */
  runs(active: BuiltRelease, previous?: BuiltRelease): Promise<Answered>;
  /** Signs these events as the next of its chain, without sending them. */
  seal(...events: ReportEvent[]): Envelope[];
  /** Seals with a time that the robot's own clock shows, right or wrong. */
  sealAt(at: Instant, ...events: ReportEvent[]): Envelope[];
  deliver(envelopes: readonly Envelope[]): Promise<number>;
  /** Seals and delivers. */
  tells(...events: ReportEvent[]): Promise<number>;
}
export interface TestFleet {
  readonly controlPlane: TestControlPlane;
  readonly publisher: TestPublisher;
  readonly operator: TestPublisher['operator'];
  robot(name: string, more?: Partial<EnrolBody> & { environment?: EnvironmentName }): Promise<FleetRobot>;
}

export async function testFleet(options: TestOptions = {}): Promise<TestFleet> {
  const controlPlane = await testControlPlane(options);
  const publisher = await testPublisher(controlPlane);
  const { operator } = publisher;
  return {
    controlPlane,
    publisher,
    operator,
    robot: async (name, { environment = 'development', ...more } = {}) => {
      const robot = testRobot(controlPlane, name, { environment });
      await robot.enrol(more);
      await operator.acceptRobot({ params: { robot: robot.name }, body: {} });
      return fleetRobot(controlPlane, publisher, robot, environment);
    },
  };
}

/** A second call with the same `robot` is its clone: same key, a chain of its own. */
export function fleetRobot(
  controlPlane: TestControlPlane,
  { api }: TestPublisher,
  robot: TestRobot,
  environment: EnvironmentName = 'development',
): FleetRobot {
  const { clock } = controlPlane;
  let last: { seq: number; sha256: Sha256 } = { seq: 0, sha256: GENESIS_REPORT };
  /** What it reported to run, in a check-in or at the end of an update: a robot does not contradict itself. */
  let components: readonly ComponentState[] = [];
  const ask: FleetRobot['ask'] = async (more) => {
    const nonce = randomBytes(16).toString('hex');
    components = more?.components ?? components;
    const { assignment: envelope, lifecycle } = await robot.checkIn({ nonce, ...more, components: [...components] });
    if (!envelope) return { lifecycle };
    const { onlineKeys } = await api.trustState();
    const opened = openAssignment({
      envelope,
      directorKeys: directorKeys(onlineKeys.director, clock.now()),
      robot: robot.name,
      environment,
      nonce,
      now: clock.now(),
    });
    if (!opened.ok) throw new Error(opened.refused.detail);
    return { lifecycle, assignment: opened.value.assignment };
  };
  const sealAt: FleetRobot['sealAt'] = (at, ...events) =>
    events.map((body) => {
      components = componentsAfter(components, body) ?? components;
      const { seq, sha256: prevReportSha256 } = last;
      const head = {
        schema: 'fairlead.report.v1',
        robot: robot.name,
        bootId: 'boot-1',
        clockTrust: 'director',
      } as const;
      const time = toTimestamp(at);
      const envelope = signReport({ ...head, time, seq: seq + 1, prevReportSha256, body }, robot.signer);
      last = { seq: seq + 1, sha256: sha256Hex(Buffer.from(envelope.payload, 'base64')) };
      return envelope;
    });
  const seal: FleetRobot['seal'] = (...events) => sealAt(clock.now(), ...events);
  const deliver: FleetRobot['deliver'] = async (envelopes) => {
    const { acknowledgedSeq } = await robot.client.report({
      params: { robot: robot.name },
      body: { envelopes: [...envelopes] },
    });
    return acknowledgedSeq;
  };
  return {
    ...robot,
    ask,
    seal,
    sealAt,
    deliver,
    tells: (...events) => deliver(seal(...events)),
    runs: (active, previous) => ask({ components: [installed(active, previous)] }),
  };
}

export function installed(active: BuiltRelease, previous?: BuiltRelease): ComponentState {
  const { component } = active.manifest;
  return { component, active: running(active), ...(previous && { previous: running(previous) }) };
}

export function running({ manifest, manifestSha256, releaseCounter }: BuiltRelease): RunningRelease {
  const counter = releaseCounter === undefined ? {} : { releaseCounter };
  const parsed = parse(RunningRelease, { version: manifest.version, manifestSha256, ...counter });
  if (!parsed.ok) throw new Error('a built release has a version and a digest');
  return parsed.value;
}
