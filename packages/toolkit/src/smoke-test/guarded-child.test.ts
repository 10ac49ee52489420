import { spawn } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { readdirSync, readFileSync, realpathSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { type GuardedOrder, runGuarded } from './guarded-child.ts';
import { folderWith } from './testing/folder-with.ts';

const scratch = () => realpathSync(folderWith({}));
/** A sleep of a minute that no other test, and no earlier run of this one, sleeps too. */
const nap = () => `61.${randomInt(1e9)}`;
const shell = (script: string, more: Partial<GuardedOrder> = {}) => {
  const folder = scratch();
  return runGuarded({ command: ['/bin/sh', '-c', script], cwd: folder, scratch: folder, timeoutMs: 10_000, ...more });
};
/** Whether a process with exactly these arguments is alive. */
const alive = (...args: string[]): boolean =>
  readdirSync('/proc').some((pid) => {
    try {
      return readFileSync(`/proc/${Number(pid)}/cmdline`, 'utf8') === `${args.join('\0')}\0`;
    } catch {
      return false;
    }
  });

describe('a guarded process', () => {
  test('ends with its own exit code and the end of what it said', async () => {
    expect(await shell('echo hello; echo trouble >&2; exit 3')).toMatchObject({
      end: 'exited',
      status: 3,
      output: 'hello\ntrouble',
    });
  });
  test('is killed at its time-out, with everything it started', async () => {
    const [first, second] = [nap(), nap()];
    const ended = await shell(`sleep ${first} & sleep ${second}`, { timeoutMs: 400 });
    expect(ended).toMatchObject({ end: 'timed_out', status: 'SIGKILL' });
    expect(ended.ms).toBeLessThan(2400);
    expect([alive('sleep', first), alive('sleep', second)]).toEqual([false, false]);
  });
  test('cannot refuse to die by ignoring signals', async () => {
    const ended = await shell('trap "" TERM INT HUP; while :; do :; done', { timeoutMs: 400 });
    expect(ended).toMatchObject({ end: 'timed_out' });
  });
  test('whose time is counted in processor time is not killed for waiting', async () => {
    const ended = await shell('sleep 1; exit 5', { timeoutMs: 400, countsCpuTime: true });
    expect(ended).toMatchObject({ end: 'exited', status: 5 });
  });
  test('that never ends is killed when it has used up its processor time', async () => {
    const ended = await shell('while :; do :; done', { timeoutMs: 400, countsCpuTime: true });
    expect(ended).toMatchObject({ end: 'timed_out', status: 'SIGKILL' });
    // A busy machine may not give it that much within the time by the clock.
    expect(ended.cpuMs! >= 300 || ended.ms > 1800).toBe(true);
  });
  test('that gets no processor time is killed after five times its limit by the clock', async () => {
    const ended = await shell('kill -STOP $$', { timeoutMs: 400, countsCpuTime: true });
    expect(ended).toMatchObject({ end: 'timed_out', status: 'SIGKILL' });
    expect(ended.ms).toBeGreaterThan(1800);
    expect(ended.cpuMs).toBeLessThan(300);
  });
  test('leaves nothing behind, even what left its process group', async () => {
    const stray = nap();
    const ended = await shell(`setsid sleep ${stray} & sleep 0.2; exit 0`);
    expect(ended).toMatchObject({ end: 'exited', status: 0 });
    await sleep(50);
    expect(alive('sleep', stray)).toBe(false);
  });
  test('cannot hold its tester up by leaving its output open', async () => {
    expect((await shell('setsid sleep 61.4 & exit 0')).ms).toBeLessThan(2000);
  });
  test('may say as much as it likes: only the last 4 KiB are kept', async () => {
    const ended = await shell('yes fairlead | head -c 20000000; echo end');
    expect(ended.output.length).toBeLessThanOrEqual(4096);
    expect(ended.output).toMatch(/end$/);
  });
  test('sees nothing of our environment', async () => {
    process.env['FAIRLEAD_SECRET'] = 'hunter2';
    const folder = scratch();
    const ended = await runGuarded({ command: ['/usr/bin/env'], cwd: folder, scratch: folder, timeoutMs: 5000 });
    const names = ended.output.split('\n').map((line) => line.replace(/=.*/, ''));
    expect(names.toSorted()).toEqual(['HOME', 'LANG', 'PATH', 'TMPDIR']);
  });
  test('is killed when its resident memory passes the budget', async () => {
    const grow = 'const all = []; for (;;) all.push(Buffer.alloc(2 ** 20, 1))';
    const folder = scratch();
    const command = [process.execPath, '-e', grow];
    const ended = await runGuarded({ command, cwd: folder, scratch: folder, timeoutMs: 10_000, maxResidentMb: 200 });
    expect(ended).toMatchObject({ end: 'too_much_memory' });
    expect(ended.peakMb).toBeGreaterThan(200);
  });
  test('cannot reserve more address space than it was given', async () => {
    const ended = await shell('dd if=/dev/zero of=/dev/null bs=500M count=1', { addressSpaceMb: 100 });
    expect(ended.status).not.toBe(0);
  });
  test('can be cancelled', async () => {
    expect(await shell('sleep 61.5', { signal: AbortSignal.timeout(200) })).toMatchObject({ end: 'cancelled' });
    expect(await shell('sleep 61.5', { signal: AbortSignal.abort() })).toMatchObject({ end: 'cancelled' });
  });
  test('that cannot be started is told, not thrown', async () => {
    const folder = scratch();
    const ended = await runGuarded({
      command: ['/bin/sh', '-c', 'a\0b'],
      cwd: folder,
      scratch: folder,
      timeoutMs: 1000,
    });
    expect(ended).toMatchObject({ end: 'not_started' });
    expect((await shell('exit 0', { command: ['/no/such/program'] })).status).not.toBe(0);
  });
  test('does not outlive an agent that is killed with SIGKILL', async () => {
    const folder = scratch();
    const orphan = nap();
    const guard = fileURLToPath(new URL('./guarded-child.ts', import.meta.url));
    const order = { command: ['/bin/sleep', orphan], cwd: folder, scratch: folder, timeoutMs: 60_000 };
    const script = `import { runGuarded } from ${JSON.stringify(guard)}; await runGuarded(${JSON.stringify(order)});`;
    writeFileSync(join(folder, 'agent.mjs'), script);
    const agent = spawn(process.execPath, [join(folder, 'agent.mjs')], { stdio: 'ignore' });
    while (!alive('/bin/sleep', orphan)) await sleep(20);
    agent.kill('SIGKILL');
    await new Promise((resolve) => agent.once('exit', resolve));
    await sleep(50);
    expect(alive('/bin/sleep', orphan)).toBe(false);
  });
});
