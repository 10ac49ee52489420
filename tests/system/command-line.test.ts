import { mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { removeTree } from '@fairlead/toolkit/bundle/remove-tree';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type ControlPlane, makeControlPlane } from '../../scripts/local-fleet/control-plane-process.ts';
import { type Fairlead, fairleadIn, succeed } from '../../scripts/local-fleet/fairlead.ts';
import { createProcesses, type Processes, type Running } from '../../scripts/local-fleet/processes.ts';

let folder: string;
let processes: Processes;
let controlPlane: ControlPlane;
let server: Running;
let admin: Fairlead;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fairlead-cli-'));
  processes = createProcesses(folder);
  controlPlane = await makeControlPlane(processes, folder, []);
  server = await controlPlane.start();
  admin = fairleadIn(join(folder, 'admin'));
});
afterAll(async () => {
  await processes.stopAll();
  await removeTree(folder);
});

const login = (who: Fairlead, user: string, passwordFile: string) =>
  who('login', '--server', controlPlane.url, '--user', user, '--password-file', passwordFile);

test('who is not logged in is told so, with exit code 5', async () => {
  const said = await admin('status', '--server', controlPlane.url);
  expect(said).toMatchObject({ exitCode: 5, stdout: '' });
  expect(said.stderr).toContain(`next:  Log in: fairlead login --server ${controlPlane.url}`);
});

test('a wrong password is exit code 5, the right one a session', async () => {
  const wrong = join(folder, 'wrong');
  await writeFile(wrong, 'not the password');
  expect((await login(admin, 'admin', wrong)).exitCode).toBe(5);
  expect((await login(admin, 'admin', controlPlane.passwordFile)).exitCode).toBe(0);
  expect(await succeed(admin, 'status')).toMatchObject({ robots: 0, attention: [] });
});

test('a viewer reads, and is refused with exit code 3 where it would change something', async () => {
  const password = join(folder, 'viewer-password');
  await writeFile(password, 'only looking around\n');
  await succeed(admin, 'user', 'create', 'eve', '--role', 'viewer', '--password-file', password);
  const eve = fairleadIn(join(folder, 'eve'));
  await login(eve, 'eve', password);
  expect((await eve('robot', 'list')).exitCode).toBe(0);
  for (const line of ['config set lateAfterSec=60', 'deploy --all --release a@1.0.0', 'user list']) {
    expect([line, (await eve(...line.split(' '))).exitCode]).toEqual([line, 3]);
  }
});

test('a script works with an API token until it is withdrawn', async () => {
  const { token, id } = JSON.parse((await admin('token', 'create', 'ci', '--role', 'viewer', '--json')).stdout);
  const ci = fairleadIn(join(folder, 'ci'), { FAIRLEAD_TOKEN: token, FAIRLEAD_SERVER: controlPlane.url });
  expect((await ci('status')).exitCode).toBe(0);
  await succeed(admin, 'token', 'delete', id);
  expect((await ci('status')).exitCode).toBe(5);
});

test('settings change one at a time, and a wrong one changes nothing', async () => {
  await succeed(admin, 'config', 'set', 'checkInIntervalSec=7');
  expect((await admin('config', 'get', 'checkInIntervalSec')).stdout).toBe('7\n');
  expect((await admin('config', 'set', 'checkInIntervalSec=0')).exitCode).toBe(2);
  expect((await admin('config', 'get', 'checkInIntervalSec')).stdout).toBe('7\n');
});

test('a robot nobody knows is told by its name', async () => {
  const { exitCode, stderr } = await admin('explain', 'ghost');
  expect(exitCode).toBe(1);
  expect(stderr).toContain('ghost');
});

test('a control plane that is gone is exit code 4, and its end was orderly', async () => {
  await server.stop();
  const { exitCode, stderr } = await admin('status');
  expect(exitCode).toBe(4);
  expect(stderr).toContain('Nothing listens there.');
  expect(await readFile(server.log, 'utf8')).not.toMatch(/"level":[56]0/);
});
