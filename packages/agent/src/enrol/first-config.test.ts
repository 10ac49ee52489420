import { chmodSync, chownSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { ensureConfig, type FirstConfig } from './first-config.ts';

const given: FirstConfig = {
  server: 'http://fleet.test:7300',
  environment: 'production',
  robot: 'duck-1',
  rootSha256: 'ab'.repeat(32),
  root: '/var/lib/duck',
};

function newFile(): string {
  const folder = mkdtempSync(join(tmpdir(), 'fairlead-config-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  return join(folder, 'etc', 'agent.yaml');
}

test('a new robot gets its agent.yaml from the command line, and the same again is fine', async () => {
  const file = newFile();
  const first = await ensureConfig(file, given, 'machine');
  expect(first).toMatchObject({ ok: true, value: { robot: 'duck-1', trust: { rootSha256: given.rootSha256 } } });
  expect(await ensureConfig(file, given, 'machine')).toEqual(first);
});

test('without a name the robot is called like its machine', async () => {
  const { robot: _, ...nameless } = given;
  expect(await ensureConfig(newFile(), nameless, 'Goose.local')).toMatchObject({ value: { robot: 'goose' } });
});

test.each(Object.keys(given))('an agent.yaml that says another %s is neither changed nor passed over', async (key) => {
  const file = newFile();
  await ensureConfig(file, given, 'machine');
  const before = readFileSync(file, 'utf8');
  const digest = 'cd'.repeat(32);
  const other = { server: 'http://evil.test', environment: 'staging', robot: 'duck-2', rootSha256: digest, root: '/' };
  const changed = { ...given, ...Object.fromEntries(Object.entries(other).filter(([name]) => name === key)) };
  expect(await ensureConfig(file, changed, 'machine')).toMatchObject({
    ok: false,
    // It names both, so that the person sees which of the two is the mistake.
    refused: [expect.stringMatching(new RegExp(`${key} is .* there, not ${changed[key as keyof FirstConfig]};`))],
  });
  expect(readFileSync(file, 'utf8')).toBe(before);
});

test('an incomplete or malformed command line writes nothing', async () => {
  const file = newFile();
  const wrongs: readonly FirstConfig[] = [
    { server: 'http://fleet.test' },
    { ...given, server: 'http://a\nroot: /' },
    { ...given, rootSha256: 'x' },
  ];
  for (const wrong of wrongs) {
    expect(await ensureConfig(file, wrong, 'machine')).toMatchObject({ ok: false });
  }
  expect(() => readFileSync(file)).toThrow(/ENOENT/);
});

test('a damaged agent.yaml is told by its line, not replaced', async () => {
  const file = newFile();
  await ensureConfig(file, given, 'machine');
  writeFileSync(file, 'server: 7\n');
  expect(await ensureConfig(file, given, 'machine')).toMatchObject({ ok: false });
  expect(readFileSync(file, 'utf8')).toBe('server: 7\n');
});

test('an agent.yaml keeps its mode and its owner when it is filled in: it may hold a token', async () => {
  const file = newFile();
  mkdirSync(dirname(file));
  writeFileSync(file, '# Nothing yet.\n');
  // Only root can give a file away.
  const owner =
    process.getuid?.() === 0 ? { uid: 4711, gid: 4712 } : { uid: statSync(file).uid, gid: statSync(file).gid };
  chownSync(file, owner.uid, owner.gid);
  chmodSync(file, 0o640);
  expect(await ensureConfig(file, given, 'machine')).toMatchObject({ ok: true });
  const { mode, uid, gid } = statSync(file);
  expect({ mode: mode & 0o7777, uid, gid }).toEqual({ mode: 0o640, ...owner });
});

test('an agent.yaml of comments, as the package brings it, is filled in and keeps them', async () => {
  const file = newFile();
  mkdirSync(dirname(file));
  writeFileSync(file, '# Everything you may say here.\n\n  # server: ...\n');
  expect(await ensureConfig(file, given, 'machine')).toMatchObject({ ok: true, value: { robot: 'duck-1' } });
  const text = readFileSync(file, 'utf8');
  expect(text).toMatch(/^# Everything you may say here.\n/);
  expect(text).toContain('server: "http://fleet.test:7300"');
});
