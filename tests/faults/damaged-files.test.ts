/** What a dying disk does to the agent's own files. Each time: the application runs, the agent lives, somebody hears why. */
import { chmod, readdir, readFile, readlink, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { RobotId } from '@fairlead/shared/ids';
import { expect } from 'vitest';
import { order } from '../../scripts/local-fleet/deploy.ts';
import { succeed } from '../../scripts/local-fleet/fairlead.ts';
import type { LivingRobot } from '../../scripts/local-fleet/robot-process.ts';
import { waitFor } from '../../scripts/local-fleet/wait-for.ts';
import { begin, deploy, endOf } from '../system/harness/orders.ts';
import { expectUp, restart, statusOf, test, untilExplained, untilTroubled } from './harness/faulty-fleet.ts';
import { failOn, hasStrace } from './harness/strace.ts';

let duck: LivingRobot;
const spoil = (robot: LivingRobot, file: string) => () => writeFile(join(robot.root, file), 'rot'.repeat(3000));
const files = async (robot: LivingRobot, folder = '.') => readdir(join(robot.root, folder));

test('spool.db: the queue is set aside and told of, and the robot takes its next release', async ({ fleet }) => {
  duck = await fleet.join({ name: 'duck-1' });
  await restart(duck, async () => {
    for (const suffix of ['', '-wal', '-shm']) await rm(join(duck.root, `spool.db${suffix}`), { force: true });
    await spoil(duck, 'spool.db')();
  });
  await expectUp(duck, 'walking@1.0.0');
  expect((await files(duck)).some((name) => name.startsWith('spool.db.damaged-'))).toBe(true);
  expect((await deploy(fleet, duck, 'walking@2.0.0')).view.state).toBe('succeeded');
  expect(await readFile(fleet.server.log, 'utf8')).toMatch(/a robot raised an alarm.*|"store_damaged"/);
});

test('journal.json: the update is given up, the record kept, the committed release runs', async ({ fleet }) => {
  await restart(duck, spoil(duck, 'journal.json'));
  await expectUp(duck, 'walking@2.0.0');
  await expect.poll(() => files(duck)).toContainEqual(expect.stringMatching(/^journal\.json\.bad-/));
  await waitFor(
    'the alarm to arrive',
    async () => /"bad_journal"/.test(await readFile(fleet.server.log, 'utf8')) || undefined,
  );
  expect((await deploy(fleet, duck, 'walking@1.0.0')).view.state).toBe('succeeded');
});

test('the deleted `active` link: the mark says what it meant', async ({ fleet }) => {
  const active = join(duck.root, 'components/walking/active');
  await restart(duck, () => rm(active));
  await expectUp(duck, 'walking@1.0.0');
  expect(await readlink(active)).toMatch(/^releases\/1\.0\.0-/);
  expect((await deploy(fleet, duck, 'walking@2.0.0')).view.state).toBe('succeeded');
});

test('both releases damaged: the least bad stays up, the alarm is raised, and it is fetched again by itself', async ({
  fleet,
}) => {
  await duck.agent.stop();
  for (const slot of ['active', 'previous']) {
    const ballast = join(duck.root, 'components/walking', slot, 'goldens.json');
    await chmod(ballast, 0o644);
    await writeFile(ballast, 'rot');
  }
  duck.agent = duck.start();
  await expectUp(duck, 'walking@2.0.0');
  await waitFor(
    'the alarm to arrive',
    async () => /"active_damaged"/.test(await readFile(fleet.server.log, 'utf8')) || undefined,
  );
  // The standing order brings it once more; the deployment that ended well is not told of a second time.
  await waitFor('the release to be whole again', async () => {
    const goldens = await readFile(join(duck.root, 'components/walking/active/goldens.json'), 'utf8');
    return goldens !== 'rot' || undefined;
  });
  await expectUp(duck, 'walking@2.0.0');
  await waitFor('the trouble to be over', async () => (await statusOf(duck)).troubles.length === 0 || undefined);
});

test('trust.db: nothing new is believed, the robot is seen and says why, and goes on when the file is moved away', async ({
  fleet,
}) => {
  await restart(duck, async () => {
    for (const suffix of ['-wal', '-shm']) await rm(join(duck.root, `trust/trust.db${suffix}`), { force: true });
    await spoil(duck, 'trust/trust.db')();
  });
  await expectUp(duck, 'walking@2.0.0');
  await untilTroubled(duck, 'store_damaged');
  await untilExplained(fleet, duck, 'store_damaged');
  expect(await readFile(join(duck.root, 'trust/trust.db'), 'utf8')).toMatch(/^rot/);
  const refused = await begin(fleet, duck, 'walking@1.0.0');
  // A person gives up what it remembered; no restart is needed.
  for (const suffix of ['', '-wal', '-shm']) await rm(join(duck.root, `trust/trust.db${suffix}`), { force: true });
  expect((await endOf(fleet, refused)).view.state).toBe('succeeded');
});

test.runIf(hasStrace)(
  'trust.db that takes no write in the middle of the work: no crash, a word, and on with it when it does again',
  async ({ fleet }) => {
    const { pid } = duck.agent;
    const files = ['', '-wal', '-shm'].map((suffix) => join(duck.root, `trust/trust.db${suffix}`));
    const mend = await failOn(pid, 'pwrite64,write,pread64', 'EIO', files);
    const wanted = await begin(fleet, duck, 'walking@3.0.0');
    await untilTroubled(duck, 'io');
    await expectUp(duck, 'walking@1.0.0');
    await mend();
    expect((await endOf(fleet, wanted)).view.state).toBe('succeeded');
    expect(duck.agent.pid).toBe(pid);
  },
);

test('the report chain: the robot works on and says that it can’t prove its history any more', async ({ fleet }) => {
  const [chain = ''] = (await files(duck, 'identity')).filter((name) => name.startsWith('reports-'));
  await restart(duck, spoil(duck, join('identity', chain)));
  const now = hasStrace ? 'walking@3.0.0' : 'walking@1.0.0';
  await expectUp(duck, now);
  await begin(fleet, duck, 'walking@2.0.0');
  await expectUp(duck, 'walking@2.0.0');
  expect(await untilTroubled(duck, 'store_damaged')).toMatchObject({ hint: expect.stringContaining('--new-key') });
  await untilExplained(fleet, duck, 'store_damaged');
});

test('robot.key: the robot becomes somebody new, keeps its application up, and asks to be let in again', async ({
  fleet,
}) => {
  const swan = await fleet.join({ name: 'swan-1' });
  const before = (await statusOf(swan)).keyFingerprint;
  await restart(swan, () => writeFile(join(swan.root, 'identity/robot.key'), ''));
  await expectUp(swan, 'walking@1.0.0');
  expect(await untilTroubled(swan, 'bad_key')).toMatchObject({ hint: expect.stringContaining('Decommission') });
  expect((await statusOf(swan)).keyFingerprint).not.toBe(before);
  await succeed(fleet.fairlead, 'robot', 'decommission', 'swan-1');
  const { token } = await fleet.api.createEnrolmentToken({ body: { environment: 'production' } });
  const config = await readFile(swan.configFile, 'utf8');
  await restart(swan, () => writeFile(swan.configFile, config.replace(/token: .*/, `token: ${token}`)));
  await waitFor('swan-1 to be let in again', async () => {
    const { items } = await fleet.api.listRobots();
    return items.find((it) => it.robot === 'swan-1' && it.lifecycle === 'accepted');
  });
  await order(fleet, 'deploy', '--robot', 'swan-1', '--release', 'walking@2.0.0');
  await expectUp(swan, 'walking@2.0.0');
  const { items } = await fleet.api.robotHistory({ params: { robot: 'swan-1' as RobotId } });
  expect(items.length).toBeGreaterThan(0);
});

test('a file where a folder of the agent belongs: the application runs, and the robot says what is in the way', async ({
  fleet,
}) => {
  const gull = await fleet.join({ name: 'gull-1' });
  const trust = join(gull.root, 'trust');
  await restart(gull, async () => {
    await rm(trust, { recursive: true });
    await writeFile(trust, 'rot');
  });
  await expectUp(gull, 'walking@1.0.0');
  expect(await untilTroubled(gull, 'io')).toMatchObject({ detail: expect.stringContaining(trust) });
  await rm(trust);
  expect((await deploy(fleet, gull, 'walking@2.0.0')).view.state).toBe('succeeded');
});
