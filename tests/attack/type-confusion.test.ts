import { ASSIGNMENT_TYPE } from '@fairlead/shared/trust/assignment';
import { canonicalBytes } from '@fairlead/shared/trust/canonical-json';
import { sealEnvelope } from '@fairlead/shared/trust/dsse';
import { REPORT_TYPE } from '@fairlead/shared/trust/report';
import { openReport } from '@fairlead/shared/trust/sign-report';
import { expect, test } from 'vitest';
import { assignment, director, openCode, sealed } from './support/assignment.ts';
import { codeOf } from './support/robot.ts';

test('attack 43: a report that reads like an assignment is not one, even under the right key', () => {
  const report = sealEnvelope(REPORT_TYPE, canonicalBytes(assignment()), director);
  expect(openCode(report)).toBe('bad_signature');
});

test('attack 43: relabelling the envelope breaks its signature, because the type is signed too', () => {
  const report = sealEnvelope(REPORT_TYPE, canonicalBytes(assignment()), director);
  expect(openCode({ ...report, payloadType: ASSIGNMENT_TYPE })).toBe('bad_signature');
});

test('attack 43: an assignment is no report either', () => {
  expect(codeOf(openReport({ ...sealed(), payloadType: REPORT_TYPE }, director.publicKey))).toBe('bad_signature');
});

test('an assignment with an unknown member is refused, although it is signed', () => {
  const odd = sealEnvelope(ASSIGNMENT_TYPE, canonicalBytes({ ...assignment(), sudo: true }), director);
  expect(openCode(odd)).toBe('bad_json');
});

test('an assignment with a member twice is refused, although it is signed', () => {
  const text = Buffer.from(canonicalBytes(assignment())).toString().replace('"seq":7', '"seq":9,"seq":7');
  expect(openCode(sealEnvelope(ASSIGNMENT_TYPE, Buffer.from(text), director))).toBe('bad_json');
});
