/** The agent's tarball, on a host without dpkg. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'vitest';
import { waitFor } from '../../scripts/local-fleet/wait-for.ts';
import { agentPackage } from '../../scripts/package/agent-package.ts';
import { hostArchitecture } from '../../scripts/package/build-agent.ts';
import { buildTarball } from '../../scripts/package/tarball.ts';
import { PACKAGED_VERSION, packagedAgent } from './harness/built-agent.ts';
import { UNIT } from './harness/guest-robot.ts';
import { test } from './harness/guest-test.ts';

test('a host without dpkg gets the agent by install.sh, and gets rid of it again', async ({ guest, fleet }) => {
  const folder = await mkdtemp(join(tmpdir(), 'fairlead-tarball-'));
  const tarball = await buildTarball(await agentPackage(await packagedAgent(), hostArchitecture()), folder);
  const machine = await guest({ name: 'yocto', lends: [[tarball, '/mnt/agent.tar.gz']] });
  await machine.boot();
  await rm(folder, { recursive: true });
  await machine.must('mv', '/usr/bin/dpkg', '/usr/bin/dpkg.away');
  await machine.must('sh', '-c', 'mkdir /tmp/fl && tar xzf /mnt/agent.tar.gz -C /tmp/fl --strip-components=1');
  const said = await machine.must('/tmp/fl/install.sh');
  expect(said).toContain(`fairlead-agent ${PACKAGED_VERSION} is installed`);

  const trust = ['--environment', 'production', '--root-sha256', fleet.rootSha256];
  await machine.must('fairlead-agent', 'enroll', '--server', fleet.controlPlane.url, ...trust);
  await machine.must('systemctl', 'start', UNIT);
  expect(await machine.show(UNIT, 'ActiveState')).toEqual({ ActiveState: 'active' });
  expect(JSON.parse(await machine.must('fairlead-agent', '--json', 'status'))).toMatchObject({ robot: 'yocto' });

  // The same again changes nothing: no configuration is overwritten, and no file is added.
  const files = () =>
    machine.must('find', '/etc/fairlead', '/usr/lib/fairlead', '/usr/bin', '/lib/systemd', '-type', 'f');
  const before = await files();
  await machine.must('/tmp/fl/install.sh');
  await machine.must('/tmp/fl/install.sh');
  expect(await files()).toBe(before);
  await machine.must('grep', '-q', '^server:', '/etc/fairlead/agent.yaml');
  await waitFor(
    'the agent to be back',
    async () => (await machine.run('fairlead-agent', 'status')).exitCode === 0 || undefined,
  );

  for (const _time of [1, 2]) expect(await machine.must('/tmp/fl/install.sh', '--remove')).toContain('is removed');
  expect((await machine.run('pgrep', '--full', '/usr/lib/fairlead/')).stdout).toBe('');
  expect((await machine.run('ls', '/usr/lib/fairlead', '/usr/bin/fairlead-agent')).exitCode).not.toBe(0);
  await machine.must('test', '-s', '/var/lib/fairlead/identity/robot.key');
});

test('a tarball for another machine refuses to be installed', async ({ guest }) => {
  const folder = await mkdtemp(join(tmpdir(), 'fairlead-tarball-'));
  const other = hostArchitecture() === 'x64' ? 'arm64' : 'x64';
  const tarball = await buildTarball(await agentPackage(await packagedAgent(), other), folder);
  const machine = await guest({ name: 'other', lends: [[tarball, '/mnt/agent.tar.gz']] });
  await machine.boot();
  await rm(folder, { recursive: true });
  await machine.must('sh', '-c', 'mkdir /tmp/fl && tar xzf /mnt/agent.tar.gz -C /tmp/fl --strip-components=1');
  const { exitCode, stderr } = await machine.run('/tmp/fl/install.sh');
  expect({ exitCode, stderr }).toEqual({ exitCode: 1, stderr: expect.stringContaining('and this machine is') });
  expect((await machine.run('ls', '/usr/lib/fairlead')).exitCode).not.toBe(0);
});
