/**
 * `node tests/formats/make-fixture.ts FILE.tar.gz`: the disk of a robot whose agent was killed in the probation of an
 * update, with reports that nobody has taken yet. Made once per version that was released, with the agent of that
 * version, and kept: every later agent must go on from it.
 */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { create } from 'tar';
import { order } from '../../scripts/local-fleet/deploy.ts';
import { addRobot, openFleet, publishRelease } from '../../scripts/local-fleet/local-fleet.ts';
import { createProcesses } from '../../scripts/local-fleet/processes.ts';
import { waitFor } from '../../scripts/local-fleet/wait-for.ts';

const [file] = process.argv.slice(2);
if (file === undefined) throw new Error('make-fixture.ts FILE.tar.gz');
const folder = await mkdtemp(join(tmpdir(), 'fairlead-fixture-'));
const processes = createProcesses(join(folder, 'logs'));
try {
  const fleet = await openFleet(folder, processes);
  const { agent, root, folder: home } = await addRobot(fleet, { name: 'duck-1' });
  for (const version of ['1.0.0', '2.0.0']) {
    await publishRelease(fleet, {
      version,
      policy: { seed: Number(version[0]) },
      probationSec: version === '1.0.0' ? 1 : 3,
    });
  }
  const journal = (): Promise<string> => readFile(join(root, 'journal.json'), 'utf8').catch(() => '');
  await waitFor(
    'duck-1 to be online',
    async () => (await fleet.api.fleetStatus()).presence['online'] === 1 || undefined,
  );
  await order(fleet, 'deploy', '--robot', 'duck-1', '--release', 'walking@1.0.0');
  await waitFor('1.0.0 to be committed', () =>
    readFile(join(root, 'components/walking/committed.json'), 'utf8').catch(() => undefined),
  );
  await waitFor('the robot to be idle', async () => (await journal()) === '' || undefined);
  await order(fleet, 'deploy', '--robot', 'duck-1', '--release', 'walking@2.0.0');
  await waitFor('2.0.0 to be staged', async () => /"step": "(stage|smoke-test)"/.test(await journal()) || undefined, {
    everyMs: 5,
  });
  // What the robot has to say from here on waits on its disk.
  await fleet.server.kill();
  await waitFor('the probation', async () => /"step": "probation"/.test(await journal()) || undefined, { everyMs: 5 });
  await pause(300);
  await agent.kill();
  // The application outlives its agent; here it must not outlive the fixture.
  const service: { process: { pid: number } } = JSON.parse(await readFile(join(root, 'services/walking.json'), 'utf8'));
  process.kill(service.process.pid, 'SIGKILL');
  await create({ file, gzip: true, cwd: home, filter: (path) => !path.endsWith('.sock') }, ['root', 'agent.yaml']);
  console.log(file);
} finally {
  await processes.stopAll();
  await rm(folder, { recursive: true, force: true });
}
