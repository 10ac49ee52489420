import { chmod, readdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { releaseFolderName } from '@fairlead/shared/release/manifest';
import { expect, test } from 'vitest';
import type { VerifiedOrder } from '../poll/verified-order.ts';
import { DUCK, type TestRobot, testRobot } from './testing/test-robot.ts';

async function spoil(robot: TestRobot, { candidate }: VerifiedOrder): Promise<void> {
  const policy = join(robot.layout.component(DUCK).release(candidate), 'policy.onnx');
  await chmod(policy, 0o644);
  await writeFile(policy, 'rot');
}
const policyOf = (robot: TestRobot): Promise<string> =>
  readFile(join(robot.root, 'components/duck-policy/active/policy.onnx'), 'utf8');

async function withReleases(...versions: string[]) {
  const robot = await testRobot();
  const orders: VerifiedOrder[] = [];
  for (const version of versions) {
    const order = await robot.release(version, { services: ['duck'] });
    orders.push(order);
    await robot.updater.offer(order);
  }
  robot.services.log.length = 0;
  const last = orders.at(-1);
  if (!last) throw new Error('at least one release');
  return { robot, orders, last };
}

test('a robot whose active release rotted goes back to the one before, and fetches it again when it is assigned', async () => {
  const { robot, last } = await withReleases('1.0.0', '2.0.0');
  await spoil(robot, last);
  const agent = robot.restarted();
  await agent.recover();
  expect(robot.alarms()).toEqual(['active_damaged']);
  expect(await robot.slots()).toEqual({ active: '1.0.0', previous: undefined, staged: undefined });
  expect(robot.services.log).toEqual(['stop duck', 'start duck']);
  expect(agent.damages()).toMatchObject([{ category: 'active_damaged' }]);
  expect(robot.openAlarms()).toEqual(['active_damaged']);
  // What succeeded stays in the assignment, so the very same order comes by at the next check-in.
  expect(agent.wantsAgain(last.component, last.candidate.manifestSha256)).toBe(true);
  await agent.offer(last);
  expect(await robot.slots()).toEqual({ active: '2.0.0', previous: '1.0.0', staged: undefined });
  expect(await policyOf(robot)).toContain('2.0.0');
  expect([agent.damages(), robot.ends()]).toEqual([[], ['succeeded', 'succeeded']]);
  expect(robot.openAlarms()).toEqual([]);
});

test('an alarm that is still true is not repeated at the next start, and ends when the release is whole again', async () => {
  const { robot, last } = await withReleases('1.0.0');
  const policy = join(robot.layout.component(DUCK).release(last.candidate), 'policy.onnx');
  const whole = await readFile(policy);
  await spoil(robot, last);
  await robot.restarted().recover();
  await robot.restarted().recover();
  expect([robot.alarms(), robot.openAlarms()]).toEqual([['active_damaged'], ['active_damaged']]);
  await writeFile(policy, whole);
  await chmod(policy, 0o444);
  await robot.restarted().recover();
  expect([robot.alarms(), robot.openAlarms()]).toEqual([['active_damaged'], []]);
});

test('a robot that must not switch now keeps its damaged release up and says so', async () => {
  const { robot, last } = await withReleases('1.0.0', '2.0.0');
  await spoil(robot, last);
  robot.permission.answers.push(false);
  await robot.restarted().recover();
  expect(robot.alarms()).toEqual(['active_damaged']);
  expect(await robot.slots()).toMatchObject({ active: '2.0.0' });
  expect(robot.services.log).toEqual([]);
});

test.each([
  ['the release', async (robot: TestRobot, order: VerifiedOrder) => spoil(robot, order)],
  [
    'its manifest',
    async (robot: TestRobot, { candidate }: VerifiedOrder) =>
      writeFile(robot.layout.component(DUCK).manifest(candidate.manifestSha256), 'rot'),
  ],
])(
  'where both releases are damaged (%s), the least bad stays up and is replaced in its own place',
  async (_what, harm) => {
    const { robot, orders, last } = await withReleases('1.0.0', '2.0.0');
    for (const order of orders) await harm(robot, order);
    const agent = robot.restarted();
    await agent.recover();
    expect(robot.alarms()).toEqual(['active_damaged']);
    expect([...robot.services.running]).toEqual(['duck']);
    await agent.offer(last);
    expect(await policyOf(robot)).toContain('2.0.0');
    expect(robot.services.running.size).toBe(1);
    expect((await readdir(robot.layout.component(DUCK).releases)).filter((name) => name.startsWith('.'))).toEqual([]);
    expect(await agent.verifyActive()).toMatchObject([{ version: '2.0.0', measured: { ok: true } }]);
  },
);

test('a fresh copy whose smoke test fails leaves the damaged one where it is', async () => {
  const { robot, last } = await withReleases('1.0.0');
  await spoil(robot, last);
  const refused = {
    phase: 'smoke-test',
    element: 'p',
    category: 'not_finite',
    detail: '',
    retryable: false,
    hint: '',
  } as const;
  const agent = robot.restarted({ runSmokeTests: async () => ({ ok: false, refused }) });
  await agent.recover();
  await agent.offer(last);
  expect(await policyOf(robot)).toBe('rot');
  expect([...robot.services.running]).toEqual(['duck']);
  // Not again at every check-in.
  expect(agent.wantsAgain(last.component, last.candidate.manifestSha256)).toBe(false);
});

test('a power cut between the two renames of a replacement is finished by the next start', async () => {
  const { robot, last } = await withReleases('1.0.0');
  await spoil(robot, last);
  const { releases } = robot.layout.component(DUCK);
  const place = join(releases, releaseFolderName(last.candidate));
  let cut = false;
  const agent = robot.restarted({
    services: {
      ...robot.services,
      start: async (service, phase) => {
        if (cut) return robot.services.start(service, phase);
        cut = true;
        // As if the second rename had never happened: the fresh tree is back under its first name.
        await rename(place, join(releases, `.${releaseFolderName(last.candidate)}.tmp`));
        throw new Error('power cut');
      },
    },
    journal: {
      ...robot.deps.journal,
      write: async (journal) => {
        if (cut) throw new Error('dead');
        await robot.deps.journal.write(journal);
      },
    },
    sleep: async () => {
      if (cut) await new Promise(() => {});
    },
  });
  await agent.recover();
  void agent.offer(last);
  await expect.poll(() => cut).toBe(true);
  await robot.restarted().recover();
  expect(await policyOf(robot)).toContain('1.0.0');
  expect([...robot.services.running]).toEqual(['duck']);
});
