/** The guards are guarded: a planted breach of the house's rules must be caught, or the rule has gone blind. */
import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';

const ROOT = join(import.meta.dirname, '../..');
let house = '';

/** An empty house under our rules: breaches are planted there, never in the real one. */
beforeEach(() => {
  house = mkdtempSync(join(tmpdir(), 'fairlead-house-'));
  for (const file of ['.oxlintrc.json', 'tsconfig.json', 'package.json'])
    copyFileSync(join(ROOT, file), join(house, file));
  symlinkSync(join(ROOT, 'node_modules'), join(house, 'node_modules'));
});
afterEach(() => {
  rmSync(house, { recursive: true, force: true });
});

function lintPlanted(path: string, source: string): string {
  const file = join(house, path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, source);
  const { stdout } = spawnSync(join(ROOT, 'node_modules/.bin/oxlint'), ['--type-aware', 'packages'], {
    cwd: house,
    encoding: 'utf8',
  });
  return stdout;
}

test('the core may not ask the clock', () => {
  const told = lintPlanted('packages/shared/src/update/planted-clock.ts', 'export const late = () => Date.now();\n');
  expect(told).toContain('Take the time as an argument');
});

test('the core may not roll dice', () => {
  const told = lintPlanted('packages/shared/src/update/planted-dice.ts', 'export const dice = () => Math.random();\n');
  expect(told).toContain('Take a random source');
});

test('the core may not touch the disk', () => {
  const told = lintPlanted(
    'packages/shared/src/update/planted-disk.ts',
    "import { rm } from 'node:fs/promises';\nexport const sweep = rm;\n",
  );
  expect(told).toContain('no-nodejs-modules');
});

test('the core may not know a program', () => {
  const told = lintPlanted(
    'packages/shared/src/update/planted-program.ts',
    "import { x } from '@fairlead/agent/agent';\nexport const y = x;\n",
  );
  expect(told).toContain('The core does no I/O');
});

test('core types may not come from the wire', () => {
  const told = lintPlanted(
    'packages/shared/src/update/planted-wire.ts',
    "import { Problem } from '../api/problem.ts';\nexport const y = Problem;\n",
  );
  expect(told).toContain('core types never come from api/');
});

test('the agent may not import the control plane', () => {
  const told = lintPlanted(
    'packages/agent/src/planted-neighbour.ts',
    "import { x } from '@fairlead/control-plane/control-plane';\nexport const y = x;\n",
  );
  expect(told).toContain('Programs meet over HTTP only');
});

test('a forgotten promise is found', () => {
  const told = lintPlanted(
    'packages/agent/src/planted-promise.ts',
    'const save = async () => {};\nexport const run = () => {\n  save();\n};\n',
  );
  expect(told).toContain('no-floating-promises');
});

test('any is found', () => {
  const told = lintPlanted('packages/agent/src/planted-any.ts', 'export const loose = (x: any) => x;\n');
  expect(told).toContain('no-explicit-any');
});

test('an import circle is found', () => {
  lintPlanted(
    'packages/agent/src/planted-circle-a.ts',
    "import { b } from './planted-circle-b.ts';\nexport const a = () => b();\n",
  );
  const told = lintPlanted(
    'packages/agent/src/planted-circle-b.ts',
    "import { a } from './planted-circle-a.ts';\nexport const b = () => a();\n",
  );
  expect(told).toContain('no-cycle');
});
