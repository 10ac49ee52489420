/** An image of a robot, made in a chroot: the package is installed where no systemd runs, and each robot boots it later. */
import { expect } from 'vitest';
import { PACKAGED_VERSION } from './harness/built-agent.ts';
import type { Guest } from './harness/guest.ts';
import { lentAgent, packageFile, UNIT } from './harness/guest-robot.ts';
import { test } from './harness/guest-test.ts';
import { must } from './harness/host.ts';

let machine: Guest;

test('a package that is installed into an image is enabled there, and says what to do next', async ({ guest }) => {
  machine = await guest({ name: 'image', lends: await lentAgent() });
  await must('cp', await packageFile(), `${machine.root}/root/agent.deb`);
  const said = await must('chroot', machine.root, 'dpkg', '--install', '/root/agent.deb');
  expect(said).toContain(`fairlead-agent ${PACKAGED_VERSION} is installed`);
  expect(said).toContain('fairlead-agent enroll --server URL');
  expect(said).toContain('never the image');
});

test('a robot that boots the image has the agent enabled and waiting, and nothing has failed', async () => {
  await machine.boot();
  expect(await machine.show(UNIT, 'ActiveState', 'UnitFileState')).toEqual({
    ActiveState: 'inactive',
    UnitFileState: 'enabled',
  });
  expect((await machine.show('fairlead-services.socket', 'ActiveState')).ActiveState).toBe('active');
  expect((await machine.must('stat', '-c', '%U', '/var/lib/fairlead')).trim()).toBe('fairlead');
  expect((await machine.run('systemctl', 'is-system-running')).stdout.trim()).toBe('running');
});

test('before its enrollment every command says to enroll first', async () => {
  const asked = [
    ['status'],
    ['explain'],
    ['check-now'],
    ['lease', 'list'],
    ['verify'],
    ['self-test'],
    ['run'],
    ['enroll'],
  ];
  for (const command of [...asked, ['rollback', 'walking'], ['lease', 'release', 'arm']]) {
    const { exitCode, stderr } = await machine.run('fairlead-agent', ...command);
    expect({ exitCode, stderr }, command.join(' ')).toEqual({
      exitCode: 2,
      stderr: expect.stringMatching(/not enrolled yet[^]*fairlead-agent enroll --server/),
    });
  }
});

test('enroll keeps the owner and the mode of agent.yaml, and the enrolled robot starts its agent at the next boot', async ({
  fleet,
}) => {
  const { token } = await fleet.api.createEnrolmentToken({ body: { environment: 'production' } });
  const trust = ['--environment', 'production', '--root-sha256', fleet.rootSha256, '--token', token];
  await machine.must('fairlead-agent', 'enroll', '--server', fleet.controlPlane.url, ...trust);
  const stat = await machine.must('stat', '-c', '%U:%G %a', '/etc/fairlead/agent.yaml');
  expect(stat.trim()).toBe('root:fairlead 640');
  await machine.must('systemctl', 'reboot', '--no-block');
  await machine.untilOff();
  await machine.boot();
  expect((await machine.show(UNIT, 'ActiveState')).ActiveState).toBe('active');
});

test('a person who is no member of the group, and a member, are told which right they lack', async () => {
  await machine.must('useradd', 'stranger');
  await machine.must('useradd', '--groups', 'fairlead', 'member');
  const as = (user: string, ...command: readonly string[]) =>
    machine.run('setpriv', `--reuid=${user}`, '--init-groups', '--regid', user, 'fairlead-agent', ...command);
  for (const command of ['status', 'verify', 'self-test']) {
    const { exitCode, stderr } = await as('stranger', command);
    expect({ exitCode, stderr }, command).toEqual({ exitCode: 1, stderr: expect.stringContaining('group fairlead') });
  }
  expect((await as('member', 'status')).exitCode).toBe(0);
  for (const command of ['verify', 'self-test']) {
    const { exitCode, stderr } = await as('member', command);
    expect({ exitCode, stderr }, command).toEqual({ exitCode: 1, stderr: expect.stringContaining('sudo') });
    expect(stderr).not.toContain('disk');
  }
  // Leases are the group's; starting and stopping units is not.
  expect((await as('member', 'lease', 'take', 'arm', '--reason', 'holds a cup')).exitCode).toBe(0);
  expect((await as('member', 'lease', 'release', 'arm')).exitCode).toBe(0);
  const socket = await machine.must('stat', '-c', '%U %a', '/run/fairlead-services.sock');
  expect(socket.trim()).toBe('fairlead 600');
});
