/** Both packages, each in a Debian of its own: a control plane by its package takes in a robot by its package. */
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { expect } from 'vitest';
import { waitFor } from '../../scripts/local-fleet/wait-for.ts';
import { hostArchitecture } from '../../scripts/package/build-agent.ts';
import { buildControlPlane } from '../../scripts/package/build-control-plane.ts';
import { controlPlanePackage } from '../../scripts/package/control-plane-package.ts';
import { buildDeb } from '../../scripts/package/deb.ts';
import { PACKAGED_VERSION } from './harness/built-agent.ts';
import { everythingIn, type Guest } from './harness/guest.ts';
import { install, lentAgent, UNIT } from './harness/guest-robot.ts';
import { test } from './harness/guest-test.ts';

const SERVER_UNIT = 'fairlead-control-plane';
const MOST_EXPOSURE = 2;
const CONFIG = '/etc/fairlead/control-plane.yaml';
const PASSPHRASE = '/etc/passphrase';
const NEW_PASSWORD = '/etc/new-password';
const LOCAL = 'http://127.0.0.1:7300';

let server: Guest;
let deb: string;
let before: ReadonlySet<string>;

const untilAnswering = (url: string) =>
  waitFor('the control plane to answer', async () => {
    const { hostname, port } = new URL(url);
    return (await server.run('bash', '-c', `</dev/tcp/${hostname}/${port}`)).exitCode === 0 || undefined;
  });

test('the package of the control plane installs itself, runs in a fence, and says what to do next', async ({
  guest,
}) => {
  const architecture = hostArchitecture();
  const folder = join(tmpdir(), `guest-control-plane-${process.pid}`);
  const built = await buildControlPlane({ architecture, version: PACKAGED_VERSION, into: join(folder, 'build') });
  deb = await buildDeb(await controlPlanePackage(built, architecture), join(folder, 'packages'), true);
  server = await guest({ name: 'hub', lends: [[deb, `/mnt/${basename(deb)}`]] });
  await server.boot();
  before = await everythingIn(server);
  const said = await server.must('dpkg', '--install', `/mnt/${basename(deb)}`);
  expect(said).toContain('fairlead trust init');
  expect(said).toContain('/var/lib/fairlead-control-plane/initial-admin-password');
  await untilAnswering(LOCAL);
  const { ActiveState, MainPID } = await server.show(SERVER_UNIT, 'ActiveState', 'MainPID');
  expect(ActiveState).toBe('active');
  expect(await server.must('cat', `/proc/${MainPID}/status`)).toMatch(/^CapBnd:\t0+$/m);
  const security = await server.must('systemd-analyze', 'security', SERVER_UNIT, '--no-pager');
  const exposure = Number(/Overall exposure level for .*: ([0-9.]+)/.exec(security)?.[1]);
  console.log(`systemd-analyze security ${SERVER_UNIT}: ${exposure} of 10 (at most ${MOST_EXPOSURE})`);
  expect(exposure).toBeLessThan(MOST_EXPOSURE);
});

test('by the steps that both packages tell, a robot joins its fleet', async ({ guest }) => {
  const address = `${server.address}:7300`;
  await server.must(
    'sed',
    '-i',
    `s/^listen:.*/listen: 0.0.0.0:7300\\nnames: ["${address}", "127.0.0.1:7300"]/`,
    CONFIG,
  );
  await server.must('systemctl', 'restart', SERVER_UNIT);
  await untilAnswering(LOCAL);
  await server.write(PASSPHRASE, 'correct horse battery staple\n', 0o600);
  const password = ['--password-file', '/var/lib/fairlead-control-plane/initial-admin-password'];
  await server.write(NEW_PASSWORD, 'correct horse battery\n', 0o600);
  const changed = ['--new-password-file', NEW_PASSWORD];
  await server.must('fairlead', 'login', '--server', `http://${address}`, ...password, ...changed);
  await server.must('fairlead', 'trust', 'init', '--passphrase-file', PASSPHRASE);
  const token = await server.must('fairlead', 'robot', 'token', '--environment', 'production', '--robot', 'duck');
  const command = token.split('\n').find((line) => line.startsWith('fairlead-agent enroll')) ?? '';

  const robot = await guest({ name: 'duck', lends: await lentAgent() });
  await robot.boot();
  await install(robot);
  await robot.must(...command.split(' '));
  await robot.must('systemctl', 'start', UNIT);
  const shown = await waitFor('the robot to be online', async () => {
    const { stdout } = await server.run('fairlead', 'robot', 'list', '--json');
    return stdout.includes('"online"') ? stdout : undefined;
  });
  expect(JSON.parse(shown)).toMatchObject({ items: [{ robot: 'duck', lifecycle: 'accepted', presence: 'online' }] });
  await robot.must('systemctl', 'stop', UNIT);
});

test('a purged control plane leaves nothing behind', async () => {
  await server.must('sh', '-c', `rm -r ~/.fairlead ${PASSPHRASE} ${NEW_PASSWORD}`);
  await server.must('dpkg', '--purge', SERVER_UNIT);
  expect([...(await everythingIn(server))].filter((path) => !before.has(path))).toEqual([]);
  expect((await server.show(SERVER_UNIT, 'LoadState')).LoadState).toBe('not-found');
});
