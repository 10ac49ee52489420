/** The launcher itself, with pretended agents: shell scripts that say who they are. */
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';

const LAUNCHER = join(import.meta.dirname, '../../launcher/fairlead-launch');
const NEW = '2.0.0-abcdefabcdef';
const OLD = '1.0.0-012345012345';

function robot() {
  const home = mkdtempSync(join(tmpdir(), 'fairlead-launch-'));
  onTestFinished(() => rmSync(home, { recursive: true, force: true }));
  const own = join(home, 'root/components/fairlead-agent');
  const tree = (folder: string): void => {
    mkdirSync(join(folder, 'lib'), { recursive: true });
    mkdirSync(join(folder, 'bin'));
    writeFileSync(join(folder, 'lib/main.js'), '');
    writeFileSync(
      join(folder, 'bin/node'),
      '#!/bin/sh\necho "$FAIRLEAD_AGENT_RELEASE|$*|$FAIRLEAD_FELL_BACK|$MALLOC_ARENA_MAX"\n',
    );
    chmodSync(join(folder, 'bin/node'), 0o755);
  };
  tree(join(home, 'package'));
  for (const release of [NEW, OLD]) tree(join(own, 'releases', release));
  mkdirSync(join(home, 'root/launcher'));
  const note = (name: string): string => join(home, 'root/launcher', name);
  return {
    home,
    own,
    point: (slot: string, release: string) => symlinkSync(`releases/${release}`, join(own, slot)),
    onTrial: (release: string, seconds = 60) => writeFileSync(note('trial'), `${release} ${seconds}\n`),
    starts: (): string => readFileSync(note('starts'), 'utf8').replaceAll(/ [0-9a-f-]+$/gm, ''),
    rebooted: () =>
      writeFileSync(note('starts'), readFileSync(note('starts'), 'utf8').replaceAll(/ \S+$/gm, ' another-boot')),
    note,
    launch: (...args: string[]) => {
      const env = {
        PATH: '/usr/bin:/bin',
        FAIRLEAD_ROOT: join(home, 'root'),
        FAIRLEAD_PACKAGED: join(home, 'package'),
        FAIRLEAD_TRIAL_SLACK: '0',
      };
      const said = execFileSync(LAUNCHER, args, { env, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
      const [release, argv, fellBack, arenas] = said.trimEnd().split('|');
      return { release, argv, fellBack, arenas };
    },
  };
}

test('a robot without a release of the agent runs the one of its package', () => {
  const { launch, home } = robot();
  expect(launch('run', '--config', 'x y')).toMatchObject({
    release: 'packaged',
    argv: `${home}/package/lib/main.js run --config x y`,
  });
});

test('the active release runs, with the flags that lie beside it and no others', () => {
  const { launch, own, point } = robot();
  point('active', NEW);
  writeFileSync(
    join(own, 'releases', NEW, 'node-options'),
    '--max-semi-space-size=1\nMALLOC_ARENA_MAX=2\n--require /tmp/evil.js\nLD_PRELOAD=/tmp/evil.so\n',
  );
  expect(launch('run')).toMatchObject({
    release: NEW,
    argv: `--max-semi-space-size=1 ${own}/releases/${NEW}/lib/main.js run`,
    arenas: '2',
  });
});

test('a release that started three times without proving itself gives way to the one before, and that to the package', () => {
  const { launch, point } = robot();
  point('active', NEW);
  point('previous', OLD);
  const ran = Array.from({ length: 8 }, () => launch('run').release);
  expect(ran).toEqual([NEW, NEW, NEW, OLD, OLD, OLD, 'packaged', 'packaged']);
  expect(launch('run').fellBack).toBe(
    `${NEW} did not prove itself in 3 starts; ${OLD} did not prove itself in 3 starts`,
  );
});

test('a reboot takes the count away from a proven release, and not from one on trial', () => {
  const { launch, point, onTrial, rebooted, starts } = robot();
  point('active', NEW);
  launch('run');
  launch('run');
  rebooted();
  launch('run');
  expect(starts()).toBe(`${NEW} 1\n`);
  onTrial(NEW);
  launch('run');
  rebooted();
  launch('run');
  expect(starts()).toBe(`${NEW} 3\n`);
  rebooted();
  expect(launch('run').release).toBe('packaged');
});

test('a release that the disk has spoilt is passed over at once', () => {
  const { launch, point, own } = robot();
  point('active', NEW);
  point('previous', OLD);
  rmSync(join(own, 'releases', NEW, 'lib'), { recursive: true });
  expect(launch('run')).toMatchObject({ release: OLD, fellBack: `${NEW} is not whole` });
});

test.each(['../../../../tmp/evil', 'releases/../../evil', 'releases/'])('a link to %j is no release', (target) => {
  const { launch, own } = robot();
  symlinkSync(target, join(own, 'active'));
  expect(launch('run').release).toBe('packaged');
});

test('where a start can not be counted, a release on trial is not risked and a proven one is', () => {
  const { launch, point, onTrial, note } = robot();
  point('active', NEW);
  mkdirSync(`${note('starts')}.tmp`);
  expect(launch('run').release).toBe(NEW);
  onTrial(NEW);
  expect(launch('run').release).toBe('packaged');
});

test('a release on trial that works on but never commits is ended, and has used up its starts', () => {
  const { launch, point, onTrial, own, starts } = robot();
  point('active', NEW);
  onTrial(NEW, 1);
  writeFileSync(join(own, 'releases', NEW, 'bin/node'), '#!/bin/sh\nexec sleep 60\n');
  expect(() => launch('run')).toThrow(/SIGKILL|failed/);
  expect(starts()).toBe(`${NEW} 3\n`);
  expect(launch('run').release).toBe('packaged');
});
