/** Requests as robots send them, signed before the clock starts: what is measured is the server, not its callers. */
import { randomBytes } from 'node:crypto';
import type { Activity } from '@fairlead/shared/fleet/robot-facts';
import type { Sha256 } from '@fairlead/shared/ids';
import { toTimestamp } from '@fairlead/shared/time';
import { sha256Hex } from '@fairlead/shared/trust/digest';
import { signRequest } from '@fairlead/shared/trust/http-signature';
import { GENESIS_REPORT, type ReportEvent } from '@fairlead/shared/trust/report';
import { signReport } from '@fairlead/shared/trust/sign-report';
import { type BenchRobot, COMPONENT, inventoryOf, MANIFEST, VERSION } from './bench-fleet.ts';

export interface Asking {
  /** Default 0: answer at once. */
  readonly waitSec?: number;
  /** Default 1, the order it was seeded with. */
  readonly knownSeq?: number;
  readonly withInventory?: boolean;
  /** Default idle. */
  readonly activity?: Activity;
}

/** One check-in of a robot that runs what it was told, byte for byte as it goes over the wire. */
export function checkIn(
  url: string,
  robot: BenchRobot,
  { waitSec = 0, knownSeq = 1, withInventory, activity = { state: 'idle' } }: Asking = {},
): Buffer {
  const body = {
    nonce: randomBytes(16).toString('hex'),
    bootId: '4b1f2a9c-5b0e-4c7f-9a51-0f6f3c1d2e4b',
    agentVersion: '0.1.0',
    knownSeq,
    waitSec,
    components: [{ component: COMPONENT, active: { version: VERSION, manifestSha256: MANIFEST, releaseCounter: 1 } }],
    activity,
    trust: { root: 1, timestamp: 1, snapshot: 1, role: 1 },
    vitals: {
      uptimeSec: Math.round(performance.now()),
      cpuLoad: 0.42,
      memoryFreeMb: 3120,
      diskFreeMb: 120_400,
      temperatureC: 51.5,
      batteryPercent: 87,
      agentRssMb: 71,
    },
    ...(withInventory && { inventory: inventoryOf(robot.name) }),
    unsentReports: 0,
    understands: ['hold'],
  };
  return signed(new URL(`${url}/api/v1/robots/${robot.name}/check-in`), robot, body);
}

/** Where each robot's chain of reports ends: who reports in two measurements has one chain nevertheless. */
const ends = new WeakMap<BenchRobot, { readonly seq: number; readonly sha256: Sha256 }>();

/** A robot's chain of reports: each call is the next delivery of one report. */
export function reportChain(url: string, robot: BenchRobot): (body: ReportEvent) => Buffer {
  return (body) => {
    const last = ends.get(robot) ?? { seq: 0, sha256: GENESIS_REPORT };
    const head = { schema: 'fairlead.report.v1', robot: robot.name, bootId: 'boot-1', clockTrust: 'director' } as const;
    const place = { seq: last.seq + 1, prevReportSha256: last.sha256, time: toTimestamp(Date.now()) };
    const envelope = signReport({ ...head, ...place, body }, robot.signer);
    ends.set(robot, { seq: place.seq, sha256: sha256Hex(Buffer.from(envelope.payload, 'base64')) });
    return signed(new URL(`${url}/api/v1/robots/${robot.name}/reports`), robot, { envelopes: [envelope] });
  };
}

/** What a robot tells while it carries out the order it was seeded with, one delivery per report. */
export function updateReports(url: string, robot: BenchRobot): Buffer[] {
  const progress = { deployment: robot.deployment, component: COMPONENT };
  const states = ['downloading', 'testing', 'waiting', 'switching', 'probation'] as const;
  const next = reportChain(url, robot);
  const told = states.map((state) => next({ event: 'update-state', ...progress, state }));
  return [...told, next({ event: 'update-ended', ...progress, outcome: 'succeeded' })];
}

function signed(url: URL, robot: BenchRobot, document: object): Buffer {
  const body = Buffer.from(JSON.stringify(document));
  const nonce = randomBytes(16).toString('hex');
  const signature = signRequest({ method: 'POST', url, body }, robot.signer, { created: Date.now(), nonce });
  const headers = { host: url.host, 'content-type': 'application/json', ...signature, 'content-length': body.length };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  return Buffer.concat([Buffer.from(`POST ${url.pathname} HTTP/1.1\r\n${lines.join('')}\r\n`), body]);
}
