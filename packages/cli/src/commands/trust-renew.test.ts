import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PASSWORD, type TestControlPlane, testControlPlane } from '@fairlead/control-plane/testing/test-control-plane';
import { testRobot } from '@fairlead/control-plane/testing/test-robot';
import { refreshOnce } from '@fairlead/control-plane/trust/keep-fresh';
import { unevenClock } from '@fairlead/shared/testing/test-clock';
import { DAY } from '@fairlead/shared/time';
import { DIRECTOR_TARGET } from '@fairlead/shared/trust/names';
import { openAssignment } from '@fairlead/shared/trust/open-assignment';
import { parseOwn } from '@fairlead/shared/trust/parse-own';
import { DirectorKeys } from '@fairlead/shared/trust/targets';
import { undiciTransport } from '@fairlead/toolkit/http/undici-transport';
import { openTufTrustStore } from '@fairlead/toolkit/trust/tuf-trust-store';
import { afterEach, expect, onTestFinished, test, vi } from 'vitest';
import { newHome, runFairlead } from '../testing/run-fairlead.ts';

const PASSPHRASE = 'a passphrase of the fleet';

/** A control plane whose calendar is this process's, with trust that `trust init` made a moment ago. */
async function fleet() {
  vi.useFakeTimers({ toFake: ['Date'], now: Date.UTC(2026, 11, 1) });
  const pass = (ms: number) => void vi.setSystemTime(Date.now() + ms);
  const clock = Object.assign(unevenClock(Date.now), { pass });
  const controlPlane = await testControlPlane({ clock });
  await controlPlane.as('admin');
  await controlPlane.app.listen({ port: 0, host: '127.0.0.1' });
  const address = controlPlane.app.server.address();
  const url = typeof address === 'object' && address ? `http://127.0.0.1:${address.port}` : '';
  const home = newHome();
  const fairlead = async (...words: readonly string[]) => {
    const login = { body: { name: 'the-admin', password: PASSWORD } };
    const { token } = await controlPlane.withToken().operator.login(login);
    const env = { FAIRLEAD_SERVER: url, FAIRLEAD_TOKEN: token };
    return runFairlead(words, { home, env, transport: undiciTransport({}), stdin: `${PASSPHRASE}\n` });
  };
  expect(await fairlead('trust', 'init', '--passphrase-file', '-')).toMatchObject({ exitCode: 0 });
  /** Days in which the server does what it does by itself, and people do nothing. */
  const sleepFor = async (days: number) => {
    clock.pass(days * DAY);
    await refreshOnce(controlPlane.store, { keys: controlPlane.onlineKeys, clock });
  };
  const roles = async () => JSON.parse((await fairlead('trust', 'show', '--json')).stdout).roles;
  return { controlPlane, url, fairlead, sleepFor, roles };
}
afterEach(() => void vi.useRealTimers());

/** Its trust store, and whether it obeys what the control plane answers. */
async function robotOf(controlPlane: TestControlPlane, url: string) {
  const robot = testRobot(controlPlane, 'duck-1', { environment: 'development' });
  await robot.enrol();
  const { operator } = await controlPlane.as('operator');
  await operator.acceptRobot({ params: { robot: robot.name }, body: {} });
  const trust = openTufTrustStore({
    file: ':memory:',
    baseUrl: `${url}/tuf`,
    environment: 'development',
    builtAt: Date.UTC(2026, 10, 1),
  });
  onTestFinished(() => trust.close());
  const root = await controlPlane.store.metadata.find('root', 1);
  await trust.pinRoot(Buffer.from(root?.text ?? ''));
  const refresh = async () => {
    const refreshed = await trust.refresh(Date.now());
    if (!refreshed.ok) return refreshed.refused.code;
    const listed = await trust.lookup(DIRECTOR_TARGET);
    return listed.ok ? (await trust.fetch(listed.value)).ok : false;
  };
  const obeys = async () => {
    const nonce = randomBytes(16).toString('hex');
    const { assignment: envelope } = await robot.checkIn({ nonce });
    const keys = trust.remembered(DIRECTOR_TARGET);
    if (!envelope || !keys) throw new Error('an order and the director keys were expected');
    const directorKeys = parseOwn(DirectorKeys, Buffer.from(keys).toString('utf8'));
    const who = { robot: robot.name, environment: 'development' } as const;
    return openAssignment({ envelope, directorKeys, nonce, now: Date.now(), ...who }).ok;
  };
  return { refresh, obeys };
}

test('a robot that knew the old signatures obeys on after a renewal, and would not have without', async () => {
  const { controlPlane, url, fairlead, sleepFor, roles } = await fleet();
  const robot = await robotOf(controlPlane, url);
  expect([await robot.refresh(), await robot.obeys()]).toEqual([true, true]);
  expect((await roles()).map(({ role, daysLeft, due }: Record<string, unknown>) => [role, daysLeft, due])).toEqual([
    ['root', 365, false],
    ['targets', 365, false],
    ['director', 90, false],
    ['production', 60, false],
    ['staging', 60, false],
    ['development', 30, false],
    ['snapshot', 7, false],
    ['timestamp', 1, false],
  ]);
  expect(JSON.parse((await fairlead('trust', 'renew', '--json')).stdout)).toMatchObject({ renewed: [] });

  await sleepFor(91);
  expect([await robot.refresh(), await robot.obeys()]).toEqual(['expired', false]);

  const renewed = await fairlead('trust', 'renew', '--yes', '--json', '--passphrase-file', '-');
  expect(JSON.parse(renewed.stdout).renewed).toEqual([
    { role: 'targets', version: 2 },
    { role: 'production', version: 2 },
    { role: 'staging', version: 2 },
    { role: 'development', version: 2 },
  ]);
  expect([await robot.refresh(), await robot.obeys()]).toEqual([true, true]);
  await sleepFor(5);
  expect([await robot.refresh(), await robot.obeys()]).toEqual([true, true]);
});

test('only the roles that were asked for are signed, and none where one passphrase is wrong', async () => {
  const { controlPlane, fairlead } = await fleet();
  const versions = () =>
    Promise.all(
      (['production', 'staging'] as const).map(
        async (role) => (await controlPlane.store.metadata.newest(role))?.version,
      ),
    );
  const renew = (passphraseFile: string, ...roles: string[]) =>
    fairlead('trust', 'renew', '--yes', '--passphrase-file', passphraseFile, '--role', ...roles);

  const wrong = join(newHome(), 'passphrase');
  await writeFile(wrong, 'not the passphrase', { mode: 0o600 });
  expect([(await renew(wrong, 'production', 'staging')).exitCode, ...(await versions())]).toEqual([3, 1, 1]);
  expect([(await renew('-', 'staging')).exitCode, ...(await versions())]).toEqual([0, 1, 2]);
});

test('a director key that nobody signed yet is not signed unseen', async () => {
  const { controlPlane, fairlead } = await fleet();
  Object.assign(controlPlane.onlineKeys, { director: controlPlane.onlineKeys.snapshot });
  const refused = await fairlead('trust', 'renew', '--role', 'targets', '--yes', '--passphrase-file', '-');
  expect(refused).toMatchObject({ exitCode: 3, stderr: expect.stringContaining('another director key') });
  expect((await controlPlane.store.metadata.newest('targets'))?.version).toBe(1);
});
