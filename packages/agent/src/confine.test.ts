/** Attack 129: programs of a release look for what belongs to the agent. */
import { spawnSync } from 'node:child_process';
import { chmod, copyFile, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ComponentName } from '@fairlead/shared/ids';
import { sampleManifest } from '@fairlead/shared/release/testing/sample-manifest';
import { expect, onTestFinished, test } from 'vitest';
import { confinedSmokeTests, confinement, describeConfinement } from './confine.ts';
import { createProber } from './health/create-prober.ts';
import { serviceEnvironment } from './services/service-environment.ts';
import { memoryServices } from './update/testing/memory-services.ts';
import { DUCK } from './update/testing/test-robot.ts';

const PROGRAM = join(import.meta.dirname, '../launcher/fairlead-confine');
const hasLandlock = spawnSync(PROGRAM, ['--check']).status === 0;
if (!hasLandlock) process.stdout.write('skipped: confinement: this kernel has no Landlock, or this machine no perl\n');

/** Prints what it could get hold of, and ends well only where that is nothing. */
const LOOK = (root: string): string => `#!/bin/sh
got=
try() { name=$1; shift; "$@" >/dev/null 2>&1 && got="$got $name"; }
try identity cat ${root}/identity/robot.key
try trust ls ${root}/trust
try config cat ${root}/../agent.yaml
try by-link cat ${root}-link/identity/robot.key
try write touch ${root}/identity/new
try move mv ${root}/identity/robot.key /tmp/
try empty truncate -s 0 ${root}/identity/robot.key
try change-release sh -c 'echo x >>${root}/components/duck-policy/look'
try memory head -c 1 /proc/$PPID/mem
[ -z "$FAIRLEAD_TEST_SECRET" ] || got="$got environment"
[ "$(grep CapAmb /proc/self/status | tr -d 'A-Za-z:0 \\t')" = '' ] || got="$got capabilities"
grep -q 'NoNewPrivs:.*1' /proc/self/status || got="$got privileges"
cat "$0" >/dev/null || got="$got nothing-of-its-own-either"
echo "got:$got"; [ -z "$got" ]
`;

async function robot(place = tmpdir()) {
  const folder = await mkdtemp(join(place, 'fairlead-confine-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const root = join(folder, 'root');
  const release = join(root, 'components/duck-policy');
  for (const each of [join(root, 'identity'), join(root, 'trust'), release]) await mkdir(each, { recursive: true });
  await writeFile(join(root, 'identity/robot.key'), 'secret', { mode: 0o600 });
  await writeFile(join(folder, 'agent.yaml'), 'enrolment: {token: secret}');
  await symlink(root, join(folder, 'root-link'));
  await writeFile(join(release, 'look'), LOOK(root), { mode: 0o755 });
  process.env['FAIRLEAD_TEST_SECRET'] = 'secret';
  onTestFinished(() => void delete process.env['FAIRLEAD_TEST_SECRET']);
  return { root, release, config: { root, file: join(folder, 'agent.yaml') } };
}
const CHECK = { command: { run: ['./look'], timeoutSec: 20 } };

test.runIf(hasLandlock)('a health check gets nothing of the agent', async () => {
  const { root, release, config } = await robot();
  const prober = createProber(memoryServices(), { confine: await confinement(config, PROGRAM) });
  expect(await prober.probe(CHECK, { component: DUCK, folder: release })).toMatchObject({
    verdict: 'healthy',
    detail: expect.stringMatching(/got:$/),
  });
  expect(await readFile(join(root, 'identity/robot.key'), 'utf8')).toBe('secret');
});

test.runIf(hasLandlock)(
  'a command test gets nothing of the agent, also where its folder is reached by a link',
  async () => {
    const { root, release, config } = await robot();
    const files = [{ path: 'look', content: LOOK(root), mode: 0o755 }];
    const manifest = sampleManifest(files, { smokeTests: [CHECK] });
    const confine = await confinement({ ...config, root: `${root}-link` }, PROGRAM);
    const tested = await confinedSmokeTests(confine)({ folder: release, manifest, phase: 'smoke-test' });
    expect(tested).toMatchObject({ ok: true });
  },
);

test('without the confinement the same check is found out: this test would notice', async () => {
  const { release } = await robot();
  const { verdict, detail } = await createProber(memoryServices()).probe(CHECK, { component: DUCK, folder: release });
  expect([verdict, detail]).toEqual(['unhealthy', expect.stringMatching(/got: identity trust config by-link write/)]);
  // Its environment is bare in any case.
  expect(detail).not.toContain('environment');
});

test('a check finds the variables that agent.yaml gives the services of its component, and no others', async () => {
  const { release } = await robot();
  const run = ['/bin/sh', '-c'];
  const environmentOf = serviceEnvironment({
    gait: { component: DUCK, run, env: { ROBOT_PORT: '9208' } },
    arm: { component: 'arm' as ComponentName, run, env: { ARM_PORT: '9209' } },
  });
  const check = { command: { run: [...run, 'echo "$ROBOT_PORT:$ARM_PORT"; false'] } };
  const context = { component: DUCK, folder: release };
  const { detail } = await createProber(memoryServices(), { environmentOf }).probe(check, context);
  expect(detail).toMatch(/: 9208:$/);
});

test.runIf(hasLandlock)('a check that can’t be started is unknown, confined or not', async () => {
  const { release, config } = await robot();
  const prober = createProber(memoryServices(), { confine: await confinement(config, PROGRAM) });
  const missing = { command: { run: ['./missing'] } };
  expect((await prober.probe(missing, { component: DUCK, folder: release })).verdict).toBe('unknown');
  const inPath = { command: { run: ['true'] } };
  expect((await prober.probe(inPath, { component: DUCK, folder: release })).verdict).toBe('healthy');
});

// Root may list every folder, so the program runs as nobody here, in a folder that everybody can reach.
test.runIf(hasLandlock && process.getuid?.() === 0)(
  'a folder on the way to a hidden file that the agent may not list closes itself, and nothing else',
  async () => {
    const { root, config } = await robot('/tmp');
    const folder = join(root, '..');
    const secret = join(folder, 'secrets/token');
    await mkdir(join(folder, 'secrets'));
    await writeFile(secret, 'secret', { mode: 0o644 });
    await copyFile(PROGRAM, join(folder, 'confine'));
    await writeFile(join(folder, 'public'), 'public');
    await chmod(folder, 0o755);
    await chmod(join(folder, 'secrets'), 0o711);
    const [, ...hidden] = await confinement({ ...config, enrolment: { tokenFile: secret } }, PROGRAM);
    const run = (file: string) =>
      spawnSync(join(folder, 'confine'), [...hidden, 'cat', join(folder, file)], { uid: 65_534, gid: 65_534 });
    const open = run('public');
    expect([open.stdout.toString(), open.stderr.toString()]).toEqual(['public', '']);
    expect(run('secrets/token').status).toBe(1);
  },
);

test('a token file that is gone since the enrollment is hidden under its plain path: the program takes no other', async () => {
  const enrolment = { tokenFile: '/nowhere//fairlead/./token' };
  const hidden = await confinement({ root: '/nowhere/root', file: '/nowhere/agent.yaml', enrolment }, PROGRAM);
  expect(hidden).toContain('/nowhere/fairlead/token');
});

test('a working copy without the package’s program confines nothing, and the self-test says so', async () => {
  expect(await confinement({ root: '/r', file: '/f' }, '/nonexistent')).toEqual([]);
  expect(await describeConfinement('/nonexistent')).toContain('not confined');
  if (hasLandlock) expect(await describeConfinement(PROGRAM)).toMatch(/can't read .*Landlock \d/);
});
