import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { describeServiceManager } from './service-manager-contract.ts';
import { readState, systemdServiceManager, unitName } from './systemd-service-manager.ts';
import { helperControl } from './unit-control.ts';

const HELPER = join(import.meta.dirname, '../../launcher/fairlead-services');

/** Answers like systemctl, from files beside it, and notes how it was called. A crashing unit restarts at each look. */
const FAKE_SYSTEMCTL = `#!/bin/sh
here=$(dirname "$0"); echo "$*" >> "$here/calls"
[ "$1" = --no-ask-password ] && shift; verb=$1; for unit; do :; done
case "$unit" in nobody.service)
  [ "$verb" = show ] && printf 'LoadState=not-found\\nActiveState=inactive\\nNRestarts=0\\n' && exit 0
  echo "Unit nobody.service not found." >&2; exit 5;;
esac
case "$verb" in
  start) echo active > "$here/$unit"; echo 0 > "$here/$unit.restarts";;
  stop) echo inactive > "$here/$unit"; echo 0 > "$here/$unit.restarts";;
  show)
    state=$(cat "$here/$unit" 2>/dev/null || echo inactive); restarts=$(cat "$here/$unit.restarts" 2>/dev/null || echo 0)
    [ "$unit$state" = crashing.serviceactive ] && restarts=$((restarts + 1)) && echo $restarts > "$here/$unit.restarts"
    printf 'NRestarts=%s\\nResult=success\\nLoadState=loaded\\nActiveState=%s\\nSubState=running\\n' "$restarts" "$state";;
esac
`;
function fakeSystemd() {
  const folder = mkdtempSync(join(tmpdir(), 'fairlead-systemctl-'));
  const systemctl = join(folder, 'systemctl');
  writeFileSync(systemctl, FAKE_SYSTEMCTL, { mode: 0o755 });
  return { folder, manager: systemdServiceManager({ systemctl }) };
}

describeServiceManager('systemd', () => {
  const { folder, manager } = fakeSystemd();
  const close = async () => rmSync(folder, { recursive: true });
  return Promise.resolve({ manager, steady: 'steady', crashing: 'crashing', unknown: 'nobody', close });
});

test('systemctl is called without a shell, with the unit behind --', async () => {
  const { folder, manager } = fakeSystemd();
  onTestFinished(() => rmSync(folder, { recursive: true }));
  await manager.start('duck-policy', 'switch');
  await manager.stop('duck@2.service', 'switch');
  await manager.state('$(reboot)');
  expect(readFileSync(join(folder, 'calls'), 'utf8').trim().split('\n')).toEqual([
    'reset-failed -- duck-policy.service',
    'start -- duck-policy.service',
    'stop -- duck@2.service',
    'show --property=LoadState,ActiveState,SubState,NRestarts,Result -- $(reboot).service',
  ]);
});

test.each([
  ['ActiveState=active\nSubState=running\nNRestarts=2\nResult=success', 'running', 2],
  ['ActiveState=failed\nSubState=failed\nNRestarts=5\nResult=exit-code', 'failed', 5],
  ['ActiveState=activating\nSubState=auto-restart\nNRestarts=1\nResult=exit-code', 'starting', 1],
  ['ActiveState=activating\nSubState=start-pre\nNRestarts=0\nResult=success', 'starting', 0],
  ['ActiveState=inactive\nSubState=dead\nNRestarts=0\nResult=success', 'stopped', 0],
  ['LoadState=not-found\nActiveState=inactive', 'unknown', 0],
  ['', 'unknown', 0],
])('a unit that shows %j is %s', (shown, state, restarts) => {
  expect(readState(shown)).toMatchObject({ state, restarts });
});

test('a robot without systemctl does not know the state of its services', async () => {
  const manager = systemdServiceManager({ systemctl: '/nonexistent/systemctl', goingDownMs: 0 });
  expect((await manager.state('duck')).state).toBe('unknown');
  const stopped = await manager.stop('duck', 'switch');
  expect(!stopped.ok && stopped.refused).toMatchObject({ category: 'stop_failed', phase: 'switch' });
});

test('on a machine that shuts down a failure is kept back, so that the agent is stopped before it reads one', async () => {
  const { folder } = fakeSystemd();
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const systemctl = join(folder, 'going-down');
  const show = '[ "$1" = show ] && echo SystemState=stopping && exit 0';
  writeFileSync(systemctl, `#!/bin/sh\n${show}\necho 'Job for duck.service canceled.' >&2; exit 1\n`, { mode: 0o755 });
  const began = performance.now();
  const started = await systemdServiceManager({ systemctl, goingDownMs: 700 }).start('duck', 'switch');
  expect(!started.ok && started.refused.detail).toContain('canceled');
  expect(performance.now() - began).toBeGreaterThanOrEqual(690);
});

test('the .service suffix may be left out', () => {
  expect(['duck', 'duck.service', 'duck.target', 'duck@1'].map(unitName)).toEqual([
    'duck.service',
    'duck.service',
    'duck.target',
    'duck@1.service',
  ]);
});

/** The package's helper as its socket unit runs it: one process per line, its answer on the socket. */
async function helped(allowed: readonly string[]) {
  const { folder } = fakeSystemd();
  writeFileSync(join(folder, 'services.allow'), allowed.map((unit) => `${unit}\n`).join(''));
  const socket = join(folder, 'services.sock');
  const env = { PATH: `${folder}:/usr/bin:/bin`, FAIRLEAD_SERVICES_ALLOW: join(folder, 'services.allow') };
  const server = createServer({ allowHalfOpen: true }, (line) => {
    const helper = spawn(HELPER, { env, stdio: ['pipe', 'pipe', 'ignore'] });
    line.pipe(helper.stdin);
    helper.stdout.pipe(line);
  });
  await new Promise<void>((resolve) => server.listen(socket, resolve));
  onTestFinished(() => {
    server.close();
    rmSync(folder, { recursive: true });
  });
  const calls = (): string => {
    try {
      return readFileSync(join(folder, 'calls'), 'utf8');
    } catch {
      return '';
    }
  };
  const control = helperControl(socket, 5000);
  return { calls, control, manager: systemdServiceManager({ systemctl: join(folder, 'systemctl'), control }) };
}

test('an agent without rights starts and stops what its robot allows, through the helper', async () => {
  const { manager, calls } = await helped(['duck-policy.service']);
  expect((await manager.start('duck-policy', 'switch')).ok).toBe(true);
  expect((await manager.stop('duck-policy', 'switch')).ok).toBe(true);
  expect(calls()).toContain('--no-ask-password stop -- duck-policy.service');
});

test('any other unit is refused with the line that would allow it, and systemctl is never called', async () => {
  const { manager, calls } = await helped(['duck-policy.service']);
  const stopped = await manager.stop('sshd', 'switch');
  expect(!stopped.ok && stopped.refused).toMatchObject({
    category: 'service_not_allowed',
    hint: expect.stringContaining('sshd.service to /etc/fairlead/services.allow'),
  });
  expect(calls()).toBe('');
});

test.each([
  'duck-policy.service\nsshd.service',
  '--help',
  '.*',
  'duck-policy.service sshd.service',
  '$(reboot).service',
  '',
])('the helper takes %j for no unit', async (unit) => {
  const { control, calls } = await helped(['duck-policy.service', 'sshd.service', '']);
  expect(await control('start', unit)).toMatchObject({ ok: false, isForbidden: true });
  expect(calls()).toBe('');
});

test('the helper knows three verbs', async () => {
  const { control } = await helped(['duck-policy.service']);
  expect(await control('mask' as 'stop', 'duck-policy.service')).toMatchObject({ ok: false, isForbidden: true });
});

test('what systemctl complains of reaches the agent through the helper', async () => {
  const { manager } = await helped(['nobody.service']);
  const started = await manager.start('nobody', 'switch');
  expect(!started.ok && started.refused).toMatchObject({ category: 'no_service' });
});

test('a helper that is not there is a refusal, not a crash', async () => {
  const control = helperControl('/nonexistent/services.sock', 1000);
  expect(await control('start', 'duck.service')).toMatchObject({ ok: false });
});
