import type { ComponentName, RobotId } from '@fairlead/shared/ids';
import { HOUR } from '@fairlead/shared/time';
import { sha256Hex } from '@fairlead/shared/trust/digest';
import { generateKeyPair } from '@fairlead/shared/trust/ed25519';
import { expect, test } from 'vitest';
import { refusal } from '../testing/refusal.ts';
import { type TestControlPlane, testControlPlane } from '../testing/test-control-plane.ts';
import { testRobot } from '../testing/test-robot.ts';
import { MOST_PENDING } from './enrol-robot.ts';

async function withOperator() {
  const controlPlane = await testControlPlane();
  const { operator } = await controlPlane.as('operator');
  return { controlPlane, operator };
}
const robot = (controlPlane: TestControlPlane, name = 'duck-1') => testRobot(controlPlane, name);
const named = (name: string) => ({ params: { robot: name as RobotId } });

test('a robot without a token waits as pending, and is told so when it asks', async () => {
  const { controlPlane } = await withOperator();
  const duck = robot(controlPlane);
  expect(await duck.enrol()).toMatchObject({ robot: 'duck-1', lifecycle: 'pending', environment: 'development' });
  expect(await duck.checkIn()).toMatchObject({ lifecycle: 'pending' });
});

test('a pending robot may only ask whether it is still pending', async () => {
  const { controlPlane } = await withOperator();
  const duck = robot(controlPlane);
  await duck.enrol();
  const params = { sha256: 'a'.repeat(64) } as Parameters<typeof duck.files.blob>[0]['params'];
  expect(await refusal(duck.files.blob({ params }))).toBe('forbidden');
});

test('with a token the robot joins at once, into the group and with the labels of the token', async () => {
  const { controlPlane, operator } = await withOperator();
  const { token } = await operator.createEnrolmentToken({
    body: { environment: 'development', group: 'ducks', labels: { line: '3' } },
  });
  const duck = robot(controlPlane);
  const enrolled = await duck.enrol({ token, group: 'geese', labels: { line: '9', colour: 'white' } });
  expect(enrolled.lifecycle).toBe('accepted');
  expect(await operator.showRobot(named('duck-1'))).toMatchObject({
    group: 'ducks',
    labels: { line: '3', colour: 'white' },
    keyFingerprint: duck.signer.keyid,
    presence: 'never-seen',
    inventory: { arch: 'arm64' },
  });
});

test('a robot of an older agent is enrolled whatever its labels are called; what is no label is left out', async () => {
  const { controlPlane, operator } = await withOperator();
  const labels = { line: '9', größe: 'XL', 'two words': 'a value' };
  expect(await refusal(robot(controlPlane).enrol({ labels }))).toBe('accepted');
  expect((await operator.showRobot(named('duck-1'))).labels).toEqual({ line: '9' });
});

test('a robot with many labels hides no fleet: it keeps those of its token, and as many as a robot may have', async () => {
  const { controlPlane, operator } = await withOperator();
  const { token } = await operator.createEnrolmentToken({
    body: { environment: 'development', labels: { line: '3', site: 'berlin' } },
  });
  const many = Object.fromEntries(Array.from({ length: 63 }, (_, n) => [`own-${n}`, 'x']));
  await robot(controlPlane).enrol({ token, labels: { ...many, line: '9' } });
  const [listed] = (await operator.listRobots()).items;
  expect(listed?.labels).toMatchObject({ line: '3', site: 'berlin', 'own-0': 'x' });
  expect(Object.keys(listed?.labels ?? {})).toHaveLength(64);
});

test('attack 70: of many robots with one token at once, exactly one joins', async () => {
  const { controlPlane, operator } = await withOperator();
  const { token } = await operator.createEnrolmentToken({ body: { environment: 'development' } });
  const ducks = Array.from({ length: 8 }, (_, i) => robot(controlPlane, `duck-${i}`));
  const answers = await Promise.all(ducks.map((duck) => refusal(duck.enrol({ token }))));
  expect(answers.filter((answer) => answer === 'accepted')).toHaveLength(1);
  expect(answers.filter((answer) => answer === 'conflict')).toHaveLength(7);
  expect((await operator.listRobots()).items).toHaveLength(1);
  expect((await operator.listEnrolmentTokens()).items).toEqual([]);
});

test('attack 71: a token that is expired, guessed, withdrawn, or for another robot or environment is refused', async () => {
  const { controlPlane, operator } = await withOperator();
  const make = (more: object) =>
    operator.createEnrolmentToken({ body: { environment: 'development', ttlSec: 7200, ...more } });
  const expired = await make({ ttlSec: 3600 });
  const foreign = await make({ environment: 'production' });
  const other = await make({ robot: 'goose-1' });
  const withdrawn = await make({});
  await operator.deleteEnrolmentToken({ params: { id: withdrawn.id } });
  controlPlane.clock.pass(HOUR);
  for (const token of [expired.token, foreign.token, other.token, withdrawn.token, 'fle_guess', '']) {
    expect(await refusal(robot(controlPlane).enrol({ token }))).toBe('unauthenticated');
  }
  expect((await operator.listRobots()).items).toEqual([]);
});

test("attack 72: nobody enrols with another robot's public key", async () => {
  const { controlPlane } = await withOperator();
  const victim = generateKeyPair();
  expect(await refusal(robot(controlPlane).enrol({ publicKey: victim.publicKey }))).toBe('bad_signature');
});

test('attack 26: a small-order key is no key', async () => {
  const { controlPlane } = await withOperator();
  const identity = `01${'00'.repeat(31)}`;
  expect(await refusal(robot(controlPlane).enrol({ publicKey: identity }))).toBe('bad_signature');
});

test('enrolling again with the same key changes nothing; a token that came later accepts it', async () => {
  const { controlPlane, operator } = await withOperator();
  const duck = robot(controlPlane);
  await duck.enrol();
  expect((await duck.enrol()).lifecycle).toBe('pending');
  const { token } = await operator.createEnrolmentToken({ body: { environment: 'development' } });
  expect((await duck.enrol({ token })).lifecycle).toBe('accepted');
  // The answer got lost: the used token is not asked for again.
  expect((await duck.enrol({ token })).lifecycle).toBe('accepted');
});

test('a name that is in use is not given to another key', async () => {
  const { controlPlane, operator } = await withOperator();
  await robot(controlPlane).enrol();
  await operator.acceptRobot({ ...named('duck-1'), body: {} });
  expect(await refusal(robot(controlPlane).enrol())).toBe('already_exists');
  const { token } = await operator.createEnrolmentToken({ body: { environment: 'development' } });
  expect(await refusal(robot(controlPlane).enrol({ token }))).toBe('already_exists');
  // And the refusal did not use the token up.
  expect((await operator.listEnrolmentTokens()).items).toHaveLength(1);
});

test('whoever squats a name as pending gives way to the robot with the token', async () => {
  const { controlPlane, operator } = await withOperator();
  const squatter = robot(controlPlane);
  await squatter.enrol();
  const { token } = await operator.createEnrolmentToken({ body: { environment: 'development' } });
  const duck = robot(controlPlane);
  expect((await duck.enrol({ token })).lifecycle).toBe('accepted');
  expect(await refusal(squatter.checkIn())).toBe('bad_signature');
  expect(await refusal(squatter.enrol())).toBe('forbidden');
});

test('attack 74: a decommissioned robot is nobody, for good; its name may go to a new key', async () => {
  const { controlPlane, operator } = await withOperator();
  const old = robot(controlPlane);
  await old.enrol();
  await operator.acceptRobot({ ...named('duck-1'), body: {} });
  await operator.decommissionRobot(named('duck-1'));
  expect(await refusal(old.checkIn())).toBe('bad_signature');
  expect(await refusal(old.enrol())).toBe('forbidden');
  const replacement = robot(controlPlane);
  expect((await replacement.enrol()).lifecycle).toBe('pending');
  expect(await refusal(replacement.checkIn())).toBe('accepted');
  expect(await refusal(old.checkIn())).toBe('bad_signature');
});

test('an operator accepts only the key whose fingerprint was compared', async () => {
  const { controlPlane, operator } = await withOperator();
  const duck = robot(controlPlane);
  await duck.enrol();
  const accept = (keyFingerprint: string) =>
    operator.acceptRobot({ ...named('duck-1'), body: { keyFingerprint: keyFingerprint as typeof duck.signer.keyid } });
  expect(await refusal(accept('b'.repeat(64)))).toBe('conflict');
  expect(await accept(duck.signer.keyid)).toMatchObject({ lifecycle: 'accepted' });
});

test('a rejected robot can still be accepted, an accepted one is not rejected but decommissioned', async () => {
  const { controlPlane, operator } = await withOperator();
  const duck = robot(controlPlane);
  await duck.enrol();
  expect(await operator.rejectRobot(named('duck-1'))).toMatchObject({ lifecycle: 'rejected' });
  expect(await duck.checkIn()).toMatchObject({ lifecycle: 'rejected' });
  expect(await operator.acceptRobot({ ...named('duck-1'), body: {} })).toMatchObject({ lifecycle: 'accepted' });
  expect(await refusal(operator.rejectRobot(named('duck-1')))).toBe('conflict');
});

test('robots that only knock cannot fill the store', async () => {
  const { controlPlane, operator } = await withOperator();
  const knock = { lifecycle: 'pending', environment: 'development', labels: {}, enrolledAt: 0 } as const;
  await controlPlane.store.transaction(async ({ robots }) => {
    for (let i = 0; i < MOST_PENDING; i++) {
      await robots.save({ ...knock, robot: `knock-${i}` as RobotId, keyid: sha256Hex(`knock-${i}`) });
    }
  });
  expect(await refusal(robot(controlPlane).enrol())).toBe('rate_limited');
  const { token } = await operator.createEnrolmentToken({ body: { environment: 'development' } });
  expect(await refusal(robot(controlPlane).enrol({ token }))).toBe('accepted');
});

test('attack 110: of a robot that nobody has accepted no more is kept than an operator looks at', async () => {
  const { controlPlane, operator } = await withOperator();
  const duck = robot(controlPlane);
  await duck.enrol();
  const components = [{ component: 'walking' as ComponentName }];
  const refusal = { phase: 'wait', element: 'x', category: 'busy', detail: 'd', retryable: true, hint: 'h' } as const;
  const said = { components, activity: { state: 'waiting', refusal }, metrics: { fps: 30 } } as const;
  await duck.checkIn({ ...said, components });
  const { items } = await operator.listRobots();
  expect(items).toMatchObject([{ presence: 'online', components: [], inventory: { arch: 'arm64' } }]);
  expect(items[0]).not.toHaveProperty('activity');
  await operator.acceptRobot({ ...named('duck-1'), body: {} });
  await duck.checkIn({ ...said, components });
  expect(await operator.showRobot(named('duck-1'))).toMatchObject({ components, activity: { state: 'waiting' } });
});
