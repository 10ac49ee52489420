import { expect, test } from 'vitest';
import type { RobotId } from '../ids.ts';
import { signerFromSeed } from './ed25519.ts';
import { GENESIS_REPORT, type Report } from './report.ts';
import { openReport, signReport } from './sign-report.ts';

const robot = signerFromSeed(new Uint8Array(32).fill(4));
const report = (detail: string): Report => ({
  schema: 'fairlead.report.v1',
  robot: 'duck-1' as RobotId,
  bootId: 'b',
  seq: 1,
  prevReportSha256: GENESIS_REPORT,
  time: '2026-11-21T09:00:00.000Z',
  clockTrust: 'director',
  body: {
    event: 'alarm',
    refusal: { phase: 'report', element: 'x', category: 'odd', detail, retryable: false, hint: 'none' },
  },
});

test('the control plane reads what the robot reported, and a digest to chain the next one to', () => {
  const opened = openReport(signReport(report('plain'), robot), robot.publicKey);
  expect(opened).toMatchObject({ ok: true, value: { report: report('plain') } });
  expect(opened.ok && opened.value.sha256).toMatch(/^[0-9a-f]{64}$/);
});

test("a child's odd output does not block the outbox: NUL and lone surrogates are replaced", () => {
  const opened = openReport(signReport(report('a\0b\ud800c\n'), robot), robot.publicKey);
  expect(opened).toMatchObject({ ok: true, value: { report: report('a\ufffdb\ufffdc\n') } });
});

test("another robot's report does not open", () => {
  const other = signerFromSeed(new Uint8Array(32).fill(5));
  expect(openReport(signReport(report('x'), robot), other.publicKey).ok).toBe(false);
});
