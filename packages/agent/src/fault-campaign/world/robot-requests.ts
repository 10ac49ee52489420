/** What the campaign's control plane answers to its one robot: as the real one does, as far as this robot can tell. */
import { PROBLEMS, type Problem, type ProblemCode } from '@fairlead/shared/api/problem';
import { CheckInBody, EnrolBody, ReportsBody, type robotApi } from '@fairlead/shared/api/robot-api';
import type { ReplyOf, RequestOf } from '@fairlead/shared/api/route';
import type { ComponentName } from '@fairlead/shared/ids';
import { parse } from '@fairlead/shared/parse';
import { MINUTE, toTimestamp } from '@fairlead/shared/time';
import type { Signer } from '@fairlead/shared/trust/ed25519';
import { GENESIS_REPORT } from '@fairlead/shared/trust/report';
import { signAssignment } from '@fairlead/shared/trust/sign-assignment';
import { openReport } from '@fairlead/shared/trust/sign-report';
import { keyIdOf } from '@fairlead/shared/trust/verify-ed25519';
import type { Static, TSchema } from 'typebox';
import { ENVIRONMENT, type Fleet, nameOf, ROBOT } from './fleet.ts';
import type { FleetState } from './fleet-state.ts';

export type CheckIn = RequestOf<(typeof robotApi)['checkIn']>['body'];

export type Answer =
  | { readonly status: 200 | 201; readonly json: object; readonly state?: FleetState }
  | { readonly problem: Problem; readonly state?: FleetState };

export function refuseWith(code: ProblemCode, detail: string, state?: FleetState): Answer {
  const problem = { type: 'about:blank', ...PROBLEMS[code], code, detail };
  return { problem, ...(state && { state }) };
}

/** The first key that asks gets the name; a robot that comes with another one has lost its own. */
export function answerEnrol(state: FleetState, json: unknown): Answer {
  return withBody(EnrolBody, json, (body) => {
    const keyid = keyIdOf(body.publicKey);
    if (state.key && state.key.keyid !== keyid) {
      const offence = 'it came to be enrolled again with a new key';
      return refuseWith('already_exists', `${offence}.`, { ...state, offences: [...state.offences, offence] });
    }
    return {
      status: 201,
      json: { robot: body.robot, lifecycle: 'accepted', environment: body.environment },
      state: { ...state, key: { keyid, publicKey: body.publicKey } },
    };
  });
}

/** The pause that the robot is asked for, seconds: a campaign has no time. */
const PACE = { intervalSec: 1, jitterSec: 0, waitSec: 0 };

export function answerCheckIn(state: FleetState, body: CheckIn, fleet: Fleet, director: Signer, now: number): object {
  const order = state.orders.at(-1);
  const target = order && fleet.targets[nameOf(order)];
  const assignment = signAssignment(
    {
      schema: 'fairlead.assignment.v1',
      robot: ROBOT,
      environment: ENVIRONMENT,
      seq: state.orders.length,
      issuedAt: toTimestamp(now),
      expiresAt: toTimestamp(now + 10 * MINUTE),
      nonce: body.nonce,
      components:
        order && target ? [{ component: order.component as ComponentName, deployment: order.deployment, target }] : [],
      minTimestampVersion: 1,
      minSnapshotVersion: 1,
    },
    director,
  );
  const reply: ReplyOf<(typeof robotApi)['checkIn']> = {
    lifecycle: 'accepted',
    assignment,
    next: PACE,
    serverTime: toTimestamp(now),
  };
  return reply;
}

/** Durable before it is acknowledged, each once, in one unbroken chain. */
export function answerReports(state: FleetState, json: unknown): Answer {
  return withBody(ReportsBody, json, ({ envelopes }) => {
    let { chain, reports } = state;
    for (const envelope of envelopes) {
      const opened = openReport(envelope, state.key?.publicKey ?? '');
      if (!opened.ok) return offence(state, `it sent a report that can't be opened: ${opened.refused.detail}`);
      const { report, sha256 } = opened.value;
      const known = chain[report.seq - 1];
      // Sent again, because the answer got lost.
      if (known === sha256) continue;
      if (known !== undefined) return offence(state, `it tells report ${report.seq} in two ways`);
      if (report.seq > chain.length + 1) return offence(state, `it left out the reports before ${report.seq}`);
      if (report.prevReportSha256 !== (chain.at(-1) ?? GENESIS_REPORT)) {
        return offence(state, `its report ${report.seq} tells another past`);
      }
      chain = [...chain, sha256];
      reports = [...reports, report.body];
    }
    return { status: 200, json: { acknowledgedSeq: chain.length }, state: { ...state, chain, reports } };
  });
}

function offence(state: FleetState, what: string): Answer {
  return refuseWith('fork', what, { ...state, offences: [...state.offences, what] });
}

export function withBody<S extends TSchema>(schema: S, json: unknown, answer: (body: Static<S>) => Answer): Answer {
  const parsed = parse(schema, json);
  if (parsed.ok) return answer(parsed.value);
  const mistakes = parsed.refused.map(({ at, message }) => `${at} ${message}`).join('; ');
  return refuseWith('bad_request', mistakes);
}

export const readCheckIn = (json: unknown): CheckIn | undefined => {
  const parsed = parse(CheckInBody, json);
  return parsed.ok ? parsed.value : undefined;
};
