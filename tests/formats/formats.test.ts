/** An agent of today finds the disk that an older agent left in the middle of an update. */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { AgentStatus } from '@fairlead/agent/local-api/local-api';
import { parse } from '@fairlead/shared/parse';
import { removeTree } from '@fairlead/toolkit/bundle/remove-tree';
import { expect, onTestFinished, test } from 'vitest';
import { freePort } from '../../scripts/local-fleet/free-port.ts';
import { waitFor } from '../../scripts/local-fleet/wait-for.ts';

const AGENT = fileURLToPath(import.meta.resolve('@fairlead/agent/main'));
const disks = (await readdir(import.meta.dirname)).filter((name) => name.endsWith('.tar.gz'));

test.for(disks)('the robot of %s goes on: its update commits, and nothing it had to say is lost', async (disk) => {
  const home = await mkdtemp(join(tmpdir(), 'fairlead-formats-'));
  execFileSync('tar', ['xzpf', join(import.meta.dirname, disk), '-C', home]);
  const root = join(home, 'root');
  const config = join(home, 'agent.yaml');
  const [port, nobody] = [await freePort(), await freePort()];
  const yaml = await readFile(config, 'utf8');
  await writeFile(
    config,
    yaml
      .replace(/^root: .*$/m, `root: ${root}`)
      .replace(/^server: .*$/m, `server: http://127.0.0.1:${nobody}`)
      .replace(/ROBOT_PORT: .*$/m, `ROBOT_PORT: "${port}"`),
  );
  const env = { ...process.env, ROBOT_PORT: String(port) };
  const agent = spawn(process.execPath, [AGENT, 'run', '--config', config], { env, stdio: 'ignore' });
  const gone = once(agent, 'exit');
  onTestFinished(async () => {
    agent.kill('SIGTERM');
    await gone;
    await removeTree(home);
  });

  const committed = join(root, 'components/walking/committed.json');
  await waitFor(
    'the update to be committed',
    async () => /"version": *"2.0.0"/.test(await readFile(committed, 'utf8')) || undefined,
  );
  await waitFor('the journal to be closed', async () => !(await readdir(root)).includes('journal.json') || undefined);
  const said = execFileSync(process.execPath, [AGENT, '--config', config, '--json', 'status'], { encoding: 'utf8' });
  const status = parse(AgentStatus, JSON.parse(said));
  expect(status).toMatchObject({
    ok: true,
    value: {
      robot: 'duck-1',
      enrolled: true,
      components: [{ component: 'walking', active: { version: '2.0.0' }, previous: { version: '1.0.0' } }],
      services: [{ service: 'walking', state: 'running' }],
    },
  });
  if (!status.ok) return;
  // Whoever pinned it, and what it has verified since, is known; and the end of the update waits behind what waited before.
  expect(status.value.trust.root).toBeGreaterThan(0);
  expect(status.value.trust.snapshot).toBeGreaterThan(0);
  expect(status.value.unsentReports).toBeGreaterThan(3);
  expect(new Set(status.value.troubles.map(({ category }) => category))).toEqual(new Set(['unreachable']));
  expect((await readdir(root)).filter((name) => name.includes('.bad'))).toEqual([]);
});
