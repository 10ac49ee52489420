/** The harness proves itself: a guest is a machine with a systemd whose limits, reboots and power cuts are real. */
import { setTimeout as pause } from 'node:timers/promises';
import { expect } from 'vitest';
import { waitFor } from '../../scripts/local-fleet/wait-for.ts';
import { test } from './harness/guest-test.ts';

const EATER = `[Service]
ExecStart=/bin/sh -c 'exec tail /dev/zero'
MemoryMax=32M
Restart=no
`;

test('a robot boots a real systemd, reaches the cloud, and loses the network when its cable is pulled', async ({
  guest,
  fleet,
}) => {
  const robot = await guest({ name: 'plain' });
  await robot.boot();
  expect((await robot.must('systemctl', 'is-system-running')).trim()).toBe('running');
  expect((await robot.must('ps', '-o', 'comm=', '-p', '1')).trim()).toBe('systemd');
  const { hostname, port } = new URL(fleet.controlPlane.url);
  const connect = ['bash', '-c', `exec timeout 2 bash -c '</dev/tcp/${hostname}/${port}'`];
  expect((await robot.run(...connect)).exitCode).toBe(0);
  await robot.cable.pull();
  expect((await robot.run(...connect)).exitCode).not.toBe(0);
});

test('MemoryMax is real: who eats more is killed, and nobody else', async ({ guest }) => {
  const robot = await guest({ name: 'eater' });
  await robot.write('/etc/systemd/system/eater.service', EATER);
  await robot.boot();
  await robot.must('systemctl', 'start', 'eater');
  const how = await waitFor('the eater to end', async () => {
    const { ActiveState, ExecMainStatus } = await robot.show('eater', 'ActiveState', 'ExecMainStatus');
    return ActiveState === 'failed' ? ExecMainStatus : undefined;
  });
  expect(how).toBe('9');
  expect((await robot.must('systemctl', 'list-units', '--failed', '--plain', '--no-legend')).split(' ')[0]).toBe(
    'eater.service',
  );
});

test('a robot asked to reboot says so, and boots again with its files', async ({ guest }) => {
  const robot = await guest({ name: 'reboots' });
  await robot.boot();
  const first = await robot.must('cat', '/proc/sys/kernel/random/boot_id', '/etc/machine-id');
  await robot.must('sh', '-c', 'echo kept >/etc/kept');
  await robot.run('systemctl', 'reboot');
  expect(await robot.untilOff()).toBe('rebooted');
  await robot.boot();
  expect(await robot.must('cat', '/etc/kept')).toBe('kept\n');
  expect((await robot.must('cat', '/proc/sys/kernel/random/boot_id', '/etc/machine-id')).split('\n')[1]).toBe(
    first.split('\n')[1],
  );
});

test('a power cut takes what was not synced, and leaves what was', async ({ guest }) => {
  const robot = await guest({ name: 'cut', hasDisk: true });
  await robot.boot();
  await robot.must('sh', '-c', 'cd /var/lib/fairlead; echo yes >synced; sync synced .; sync -f .; echo no >unsynced');
  await robot.cutPower();
  expect(robot.isUp()).toBe(false);
  await robot.boot();
  expect(await robot.must('ls', '/var/lib/fairlead')).toBe('lost+found\nsynced\n');
});

test('a frozen robot stands still, and goes on when it thaws', async ({ guest }) => {
  const robot = await guest({ name: 'frozen' });
  await robot.boot();
  await robot.must(
    'systemd-run',
    '--unit=clock',
    'sh',
    '-c',
    'while :; do date +%s.%N >/run/now; sleep 0.02; done >>/dev/null',
  );
  const now = () => robot.must('cat', '/run/now').then(Number);
  await waitFor('the clock to tick', async () => (await now()) || undefined);
  await robot.freeze();
  const stopped = await now();
  await pause(200);
  expect(await now()).toBe(stopped);
  await robot.thaw();
  await waitFor('the clock to go on', async () => (await now()) > stopped || undefined);
});
