/** TRUST.md section 6, 22, 23, 44-49: orders by a lying or owned director, against what the offline keys signed. */
import { DAY, toTimestamp } from '@fairlead/shared/time';
import { sha256Hex } from '@fairlead/shared/trust/digest';
import { expect, test } from 'vitest';
import { NOW, publishTexts } from './support/fleet-repository.ts';
import { COMPONENT, categoryOf, makeOrderedRobot, manifestOf } from './support/ordered-robot.ts';

const allowDowngrade = { reason: 'regression', by: 'alice' };

test('what both keys vouch for becomes a verified order', async () => {
  const { publish, verify } = await makeOrderedRobot();
  const order = publish(manifestOf('2.0.0'), 7);
  const verified = await verify(order);
  expect(verified.ok && verified.value).toMatchObject({
    deployment: order.deployment,
    candidate: { version: '2.0.0', manifestSha256: order.target.sha256, releaseCounter: 7 },
  });
});

test('attack 23: a development release is refused on a production robot before anything is fetched', async () => {
  const { publish, verify, robot } = await makeOrderedRobot();
  const order = publish(manifestOf('2.0.0'), 1, 'development');
  expect(categoryOf(await verify(order))).toBe('wrong_env');
  expect(robot.server.asked).toEqual([]);
});

test.each(['../../etc/passwd', '__proto__', 'releases/production/../development/x.json', 'trust/director.json'])(
  'attack 29: %s is no release',
  async (path) => {
    const { publish, verify, robot } = await makeOrderedRobot();
    const order = publish(manifestOf('2.0.0'), 1);
    expect(['name', 'wrong_env']).toContain(categoryOf(await verify({ ...order, target: { ...order.target, path } })));
    expect(robot.server.asked).toEqual([]);
  },
);

test('attack 44: director and release key must mean the same bytes and the same release', async () => {
  const { publish, verify } = await makeOrderedRobot();
  const order = publish(manifestOf('2.0.0'), 1);
  const other = publish(manifestOf('3.0.0'), 2);
  const lies = [
    { ...order.target, sha256: sha256Hex('other') },
    { ...order.target, length: order.target.length + 1 },
    { ...other.target, version: order.target.version },
    { ...order.target, version: other.target.version },
  ];
  for (const target of lies) expect(categoryOf(await verify({ ...order, target }))).toBe('mismatch');
});

test('attack 45: a release for other hardware is refused', async () => {
  const { publish, verify } = await makeOrderedRobot();
  const wrongArch = publish(manifestOf('2.0.0', { requires: { arch: ['x64'] } }), 1);
  expect(categoryOf(await verify(wrongArch))).toBe('wrong_hw');
  const wrongBoard = publish(manifestOf('2.1.0', { requires: { board: ['jetson-agx-*'] } }), 2);
  expect(categoryOf(await verify(wrongBoard))).toBe('wrong_hw');
});

test('attack 46: an older release is refused unless the assignment says why', async () => {
  const { publish, verify, runs } = await makeOrderedRobot();
  const order = publish(manifestOf('1.0.0'), 3);
  runs({ releaseCounter: 9 });
  expect(categoryOf(await verify(order))).toBe('downgrade');
  expect(categoryOf(await verify({ ...order, allowDowngrade }))).toBe('accepted');
});

test('attack 46: a robot whose disk lost the counter of what it runs goes by the signed one', async () => {
  const { publish, verify, runs } = await makeOrderedRobot();
  const running = publish(manifestOf('2.0.0'), 9);
  const [older, newer] = [publish(manifestOf('1.0.0'), 3), publish(manifestOf('2.1.0'), 10)];
  runs({ version: running.target.version, manifestSha256: running.target.sha256 });
  expect(categoryOf(await verify(older))).toBe('downgrade');
  expect(categoryOf(await verify({ ...older, allowDowngrade }))).toBe('accepted');
  for (const order of [running, newer]) expect(categoryOf(await verify(order))).toBe('accepted');
});

test('attack 46: where nobody signs for the lost counter any more, every release may be older', async () => {
  const { repository, publish, verify, runs } = await makeOrderedRobot();
  const running = publish(manifestOf('2.0.0'), 9);
  runs({ version: running.target.version, manifestSha256: running.target.sha256 });
  publishTexts(repository, 'production', {}, { remove: [running.target.path] });
  const order = publish(manifestOf('2.1.0'), 10);
  expect(categoryOf(await verify(order))).toBe('downgrade');
  expect(categoryOf(await verify({ ...order, allowDowngrade }))).toBe('accepted');
});

test('attack 46: where the disk lost the name of what runs as well, every release may be older', async () => {
  const { publish, verify, runsSomethingUnidentified } = await makeOrderedRobot();
  const order = publish(manifestOf('2.1.0'), 10);
  expect(categoryOf(await verify(order))).toBe('accepted');
  runsSomethingUnidentified();
  expect(categoryOf(await verify(order))).toBe('downgrade');
  expect(categoryOf(await verify({ ...order, allowDowngrade }))).toBe('accepted');
});

test('a disk that can not be read for a moment puts an order off, and refuses it not for good', async () => {
  const { publish, verify, diskFails } = await makeOrderedRobot();
  const order = publish(manifestOf('2.1.0'), 10);
  diskFails(Object.assign(new Error('EIO: i/o error, scandir'), { code: 'EIO' }));
  const verified = await verify(order);
  expect(verified.ok ? undefined : verified.refused).toMatchObject({ phase: 'decide', retryable: true });
  diskFails(undefined);
  expect(categoryOf(await verify(order))).toBe('accepted');
});

test('attack 47: no word of the online director reaches below the signed floor', async () => {
  const { publish, publishPolicy, verify } = await makeOrderedRobot();
  const order = { ...publish(manifestOf('1.0.0'), 3), allowDowngrade };
  publishPolicy({ floor: { [COMPONENT]: 4 } });
  expect(categoryOf(await verify(order))).toBe('below_floor');
});

test('a downgrade window that the release key signed reaches below the floor, until it ends', async () => {
  const { publish, publishPolicy, verify } = await makeOrderedRobot();
  const order = { ...publish(manifestOf('1.0.0'), 3), allowDowngrade };
  const window = (until: number) => ({
    floor: { [COMPONENT]: 4 },
    downgrade: [{ component: COMPONENT, to: order.target.version, until: toTimestamp(until), reason: 'field test' }],
  });
  publishPolicy(window(NOW + DAY));
  expect(categoryOf(await verify(order))).toBe('accepted');
  publishPolicy(window(NOW - DAY));
  expect(categoryOf(await verify(order))).toBe('below_floor');
});

test('attack 48: a denied release is refused, also for good reasons', async () => {
  const { publish, publishPolicy, verify } = await makeOrderedRobot();
  const order = { ...publish(manifestOf('2.0.0'), 3), allowDowngrade };
  const deny = { sha256: order.target.sha256, release: 'duck-policy@2.0.0', reason: 'falls over' };
  for (const severity of ['stop', 'never-run'] as const) {
    publishPolicy({ deny: [{ ...deny, severity }] });
    expect(categoryOf(await verify(order))).toBe('denied');
  }
});

test('attack 49: a revoked release is not found, and that is final', async () => {
  const { repository, publish, verify } = await makeOrderedRobot();
  const order = publish(manifestOf('2.0.0'), 3);
  publishTexts(repository, 'production', {}, { remove: [order.target.path] });
  const verified = await verify(order);
  expect(!verified.ok && verified.refused).toMatchObject({ category: 'not_found', retryable: false });
});

test('attack 1: a manifest that is not the signed one is refused, and may be right another time', async () => {
  const { repository, publish, verify } = await makeOrderedRobot();
  const order = publish(manifestOf('2.0.0'), 3);
  for (const [path, text] of repository.files) {
    if (path.includes('duck-policy-2.0.0')) repository.files.set(path, text.replace('2.0.0', '2.0.1'));
  }
  const verified = await verify(order);
  expect(!verified.ok && verified.refused).toMatchObject({ category: 'hash', retryable: true, phase: 'decide' });
});
