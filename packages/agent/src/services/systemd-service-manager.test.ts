import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { describeServiceManager } from './service-manager-contract.ts';
import { systemdServiceManager, unitName } from './systemd-service-manager.ts';
import { helperControl, type UnitControl } from './unit-control.ts';
import {
  PROPERTIES,
  readProperties,
  readState,
  readTimeSpan,
  timeLimitOf,
  whyNotStartable,
} from './unit-properties.ts';

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
    `show --property=${PROPERTIES} -- duck-policy.service`,
    'reset-failed -- duck-policy.service',
    'start -- duck-policy.service',
    `show --property=${PROPERTIES} -- duck@2.service`,
    'stop -- duck@2.service',
    `show --property=${PROPERTIES} -- $(reboot).service`,
  ]);
});

test.each([
  ['ActiveState=active\nSubState=running\nNRestarts=2\nResult=success', 'running', 2],
  ['ActiveState=failed\nSubState=failed\nNRestarts=5\nResult=exit-code', 'failed', 5],
  ['ActiveState=activating\nSubState=auto-restart\nNRestarts=1\nResult=exit-code', 'starting', 1],
  ['ActiveState=activating\nSubState=start-pre\nNRestarts=0\nResult=success', 'starting', 0],
  ['ActiveState=inactive\nSubState=dead\nNRestarts=0\nResult=success', 'stopped', 0],
  ['LoadState=not-found\nActiveState=inactive', 'unknown', 0],
  ['ActiveState=refreshing\nSubState=refresh', 'running', 0],
  ['Type=oneshot\nRemainAfterExit=no\nActiveState=activating\nSubState=start\nResult=success', 'starting', 0],
  ['Type=oneshot\nRemainAfterExit=no\nActiveState=inactive\nSubState=dead\nResult=success', 'running', 0],
  ['Type=oneshot\nRemainAfterExit=no\nActiveState=failed\nSubState=failed\nResult=exit-code', 'failed', 0],
  ['Type=oneshot\nRemainAfterExit=yes\nActiveState=active\nSubState=exited\nResult=success', 'running', 0],
  ['Type=oneshot\nRemainAfterExit=yes\nActiveState=inactive\nSubState=dead\nResult=success', 'stopped', 0],
  [
    'LoadState=loaded\nType=oneshot\nRemainAfterExit=no\nActiveState=inactive\nResult=success\nConditionResult=no\nConditionTimestampMonotonic=77',
    'stopped',
    0,
  ],
  ['', 'unknown', 0],
])('a unit that shows %j is %s', (shown, state, restarts) => {
  expect(readState(readProperties(shown))).toMatchObject({ state, restarts });
});

test.each([
  ['LoadState=masked', 'service_masked'],
  [
    'LoadState=bad-setting\nLoadError=org.freedesktop.systemd1.BadUnitSetting "Unit duck.service has a bad"',
    'bad_unit',
  ],
  ['LoadState=not-found', 'no_service'],
  ['LoadState=loaded\nRefuseManualStart=yes', 'bad_unit'],
  ['LoadState=loaded\nRefuseManualStart=no\nRefuseManualStop=no', undefined],
])('a unit that shows %j is refused as %s before anything stops', (shown, category) => {
  expect(whyNotStartable(readProperties(shown))?.category).toBe(category);
});

test('a start or stop may take as long as the unit itself says, and one without a limit is not waited for forever', () => {
  expect(['1min 30s', '2min 15s', '1.5s', '1h 2min', '500ms', '0', 'infinity', ''].map(readTimeSpan)).toEqual([
    90_000,
    135_000,
    1500,
    3_720_000,
    500,
    0,
    undefined,
    undefined,
  ]);
  const slow = readProperties('TimeoutStartUSec=4min\nTimeoutStopUSec=10s');
  expect(timeLimitOf('start', slow)).toBeGreaterThan(240_000);
  expect(timeLimitOf('stop', slow)).toBeGreaterThan(10_000);
  expect(timeLimitOf('start', readProperties('TimeoutStartUSec=infinity'))).toBe(1_800_000);
});

test('a start that a helper gave up on is judged by the unit: it comes up later, or fails', async () => {
  const { folder } = fakeSystemd();
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const systemctl = join(folder, 'slow');
  const shows = (...states: readonly string[]): void => {
    const cases = states.map((state, at) => `${at + 1}) echo ActiveState=${state};;`).join(' ');
    const count = `n=$(($(cat '${folder}/n' 2>/dev/null || echo 0) + 1)); echo $n > '${folder}/n'`;
    writeFileSync(systemctl, `#!/bin/sh\n${count}\ncase $n in ${cases} *) echo ActiveState=${states.at(-1)};; esac\n`, {
      mode: 0o755,
    });
    rmSync(join(folder, 'n'), { force: true });
  };
  const control: UnitControl = async (verb) =>
    verb === 'start' ? { ok: false, said: 'the helper gave no answer', isUnanswered: true } : { ok: true, said: '' };
  const manager = systemdServiceManager({ systemctl, control, lookEveryMs: 5, goingDownMs: 0 });
  shows('inactive', 'activating', 'activating', 'active');
  expect(await manager.start('duck', 'switch')).toEqual({ ok: true, value: undefined });
  shows('inactive', 'activating', 'failed');
  const failed = await manager.start('duck', 'switch');
  expect(!failed.ok && failed.refused).toMatchObject({ category: 'start_failed' });
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
async function helped(allowed: readonly string[], lineEnd = '\n') {
  const { folder } = fakeSystemd();
  writeFileSync(join(folder, 'services.allow'), allowed.map((unit) => unit + lineEnd).join(''));
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
  const control = helperControl(socket);
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
  // The agent looks at the unit by itself; nothing is asked of it.
  expect(calls()).not.toMatch(/^(?!show ).+/m);
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
  expect(await control('start', unit, 5000)).toMatchObject({ ok: false, isForbidden: true });
  expect(calls()).toBe('');
});

test.each([
  ['without its type', ['duck-policy'], '\n'],
  ['with blanks around it', ['  duck-policy.service \t '], '\n'],
  ['with a comment behind it', ['# units of this duck', '', 'duck-policy  # the policy'], '\n'],
  ['with line ends of Windows', ['sshd.service', 'duck-policy.service'], '\r\n'],
  ['on a last line without an end', ['duck-policy.service'], ''],
])('services.allow may name a unit %s', async (_how, lines, lineEnd) => {
  const { control } = await helped(lines, lineEnd);
  expect(await control('allowed', 'duck-policy.service', 5000)).toMatchObject({ ok: true });
  expect(await control('allowed', 'duck.service', 5000)).toMatchObject({ ok: false, isForbidden: true });
});

test('a line of services.allow that is no unit is named to the person whose unit is refused', async () => {
  const { manager } = await helped(['sshd.service', 'duck policy']);
  const checked = await manager.check('duck-policy', 'decide');
  expect(!checked.ok && checked.refused.detail).toMatch(/line 2 of .*services\.allow is no unit name/);
});

test('the helper knows three verbs', async () => {
  const { control } = await helped(['duck-policy.service']);
  expect(await control('mask' as 'stop', 'duck-policy.service', 5000)).toMatchObject({ ok: false, isForbidden: true });
});

test('what systemctl complains of reaches the agent through the helper', async () => {
  const { manager } = await helped(['nobody.service']);
  const started = await manager.start('nobody', 'switch');
  expect(!started.ok && started.refused).toMatchObject({ category: 'no_service' });
});

test('a helper that is not there is a refusal, not a crash', async () => {
  const control = helperControl('/nonexistent/services.sock');
  expect(await control('start', 'duck.service', 1000)).toMatchObject({ ok: false });
});
