/** TRUST.md section 6, 40-43: answers that are signed, and still not for this robot, now. */
import { MINUTE, toTimestamp } from '@fairlead/shared/time';
import { GENESIS_REPORT } from '@fairlead/shared/trust/report';
import { signReport } from '@fairlead/shared/trust/sign-report';
import { expect, test } from 'vitest';
import { NOW, newSigner } from './support/fleet-repository.ts';
import { ME, makeOrderedRobot, manifestOf } from './support/ordered-robot.ts';

test('an answer to this robot’s own question is obeyed', async () => {
  const { publish, assign, hear } = await makeOrderedRobot();
  expect(await hear(assign([publish(manifestOf('1.0.0'), 1)]))).toBe('accepted');
});

test('attack 41: the answer for another robot is not obeyed', async () => {
  const { assign, hear } = await makeOrderedRobot();
  expect(await hear(assign([], { robot: 'duck-2' as typeof ME }))).toBe('wrong_robot');
});

test('attacks 40, 42: an old answer is refused by its nonce, its sequence and its end', async () => {
  const { assign, hear } = await makeOrderedRobot();
  expect(await hear(assign([], { seq: 5 }))).toBe('accepted');
  expect(await hear(assign([], { seq: 5 }), 'f'.repeat(32))).toBe('wrong_nonce');
  expect(await hear(assign([], { seq: 4 }))).toBe('stale_seq');
  expect(await hear(assign([], { seq: 6, expiresAt: toTimestamp(NOW + 60 * MINUTE) }))).toBe('expired');
});

test('attack 42: the sequence is remembered across a restart of the agent', async () => {
  const { assign, hear, robot } = await makeOrderedRobot();
  await hear(assign([], { seq: 5 }));
  robot.restart();
  expect(robot.store.lastAssignment()?.seq).toBe(5);
});

test('attack 42: one sequence number can’t carry two orders', async () => {
  const { publish, assign, hear } = await makeOrderedRobot();
  expect(await hear(assign([], { seq: 5 }))).toBe('accepted');
  expect(await hear(assign([publish(manifestOf('1.0.0'), 1)], { seq: 5 }))).toBe('stale_seq');
});

test('attack 43: a report is no assignment, although the director’s key signed it', async () => {
  const { repository, hear } = await makeOrderedRobot();
  const report = signReport(
    {
      schema: 'fairlead.report.v1',
      robot: ME,
      bootId: 'boot',
      seq: 1,
      prevReportSha256: GENESIS_REPORT,
      time: toTimestamp(NOW),
      clockTrust: 'director',
      body: { event: 'local-rollback', component: 'duck-policy' as never, by: 'nobody' },
    },
    repository.online.director,
  );
  expect(await hear(report)).toBe('bad_signature');
});

test('an assignment signed by a key that the offline role does not name is refused', async () => {
  const ordered = await makeOrderedRobot();
  ordered.repository.online.director = newSigner();
  expect(await ordered.hear(ordered.assign([]))).toBe('bad_signature');
});

test('a mirror that serves older metadata than the director demands installs nothing', async () => {
  const { assign, hear } = await makeOrderedRobot();
  expect(await hear(assign([], { minTimestampVersion: 99 }))).toBe('rollback');
});
