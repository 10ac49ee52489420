import type { Sha256 } from '@fairlead/shared/ids';
import { DAY, HOUR, MINUTE, toTimestamp } from '@fairlead/shared/time';
import { desiredDigest } from '@fairlead/shared/trust/sign-assignment';
import { expect, test } from 'vitest';
import { assignment, NONCE, openCode, opened, sealed } from './support/assignment.ts';
import { inDays, NOW } from './support/fleet-repository.ts';

const same = desiredDigest(assignment());
const other = 'f'.repeat(64) as Sha256;

test('attack 42: an assignment older than one already obeyed is refused', () => {
  expect(openCode(sealed({ seq: 6 }), { last: { seq: 7, sha256: same } })).toBe('stale_seq');
});

test('attack 42: the same number with other content is refused', () => {
  expect(openCode(sealed(), { last: { seq: 7, sha256: other } })).toBe('stale_seq');
});

test('the same number with the same content is the ordinary answer while nothing changes', () => {
  expect(openCode(sealed(), { last: { seq: 7, sha256: same } })).toBe('accepted');
});

test('attack 42: the answer to another question is refused', () => {
  expect(openCode(sealed(), { nonce: NONCE.replace('0', 'f') })).toBe('wrong_nonce');
});

test('attack 42: an answer that was held back until it expired is refused', () => {
  expect(openCode(sealed(), { now: NOW + 10 * MINUTE })).toBe('expired');
});

test('an answer that claims to be good for a day is refused', () => {
  expect(openCode(sealed({ expiresAt: toTimestamp(NOW + DAY) }))).toBe('expired');
});

test('an answer under a director key past its date counts as unsigned, so that newer keys are looked for', () => {
  const late = { issuedAt: toTimestamp(inDays(90)), expiresAt: toTimestamp(inDays(90) + MINUTE) };
  expect(openCode(sealed(late), { now: inDays(90) })).toBe('bad_signature');
});

test("attack 40: yesterday's director time is no answer to today's question", () => {
  expect(openCode(sealed(), { nonce: 'f'.repeat(32), now: inDays(1), floor: NOW - DAY })).toBe('wrong_nonce');
});

test("attack 38: a robot whose clock says 2100 takes the time from a prompt answer's director", () => {
  const year2100 = Date.UTC(2100, 0, 1);
  const answer = opened(sealed(), { now: year2100, floor: NOW - HOUR });
  expect(answer).toMatchObject({ ok: true, value: { issuedAt: NOW } });
  expect(openCode(sealed(), { now: year2100 })).toBe('expired');
});

test('director time never counts below the floor', () => {
  expect(openCode(sealed(), { now: NOW, floor: NOW + HOUR })).toBe('expired');
});

test('attack 103: a number so high that no order could follow it is refused, by a new robot too', () => {
  const last = { seq: 7, sha256: same };
  expect(openCode(sealed({ seq: 1_000_007 }), { last })).toBe('accepted');
  expect(openCode(sealed({ seq: 1_000_008 }), { last })).toBe('seq_jump');
  expect(openCode(sealed({ seq: Number.MAX_SAFE_INTEGER }), { last })).toBe('seq_jump');
  expect(openCode(sealed({ seq: Number.MAX_SAFE_INTEGER }))).toBe('seq_jump');
});
