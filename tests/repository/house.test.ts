/** Rules of the house that no linter knows. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const ROOT = join(import.meta.dirname, '../..');
const list = (...patterns: string[]): string[] =>
  execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard', ...patterns], {
    cwd: ROOT,
    encoding: 'utf8',
  })
    .split('\n')
    .filter(Boolean);
const read = (file: string): string => readFileSync(join(ROOT, file), 'utf8');
const sources = list('packages/*/src/**/*.ts');

test('no file tells more than one story (300 lines)', () => {
  const long = sources.filter((file) => !file.endsWith('.test.ts') && read(file).split('\n').length > 301);
  expect(long).toEqual([]);
});

test('no barrel hides where things live', () => {
  expect(sources.filter((file) => file.endsWith('/index.ts'))).toEqual([]);
});

test('no check is switched off', () => {
  const silenced = sources.filter((file) => /@ts-ignore|@ts-nocheck|oxlint-disable|eslint-disable/.test(read(file)));
  expect(silenced).toEqual([]);
});

test('nothing races promises: a promise that never settles retains what won (use abortable of the toolkit)', () => {
  // A test may: it ends. The comment of abortable names what it is there for.
  const excepted = /\.test\.ts$|^packages\/toolkit\/src\/abortable\.ts$/;
  expect(sources.filter((file) => !excepted.test(file) && /Promise\.(race|any)\b/.test(read(file)))).toEqual([]);
});

test('no test is left out or left alone', () => {
  const tests = list('*.test.ts').filter((file) => !file.startsWith('tests/repository/'));
  expect(tests.filter((file) => /\b(test|it|describe)\.(only|todo)\(/.test(read(file)))).toEqual([]);
});

test('nothing is unfinished by its own words', () => {
  expect(sources.filter((file) => /\b(TODO|FIXME|XXX)\b/.test(read(file)))).toEqual([]);
});

test('dependencies are pinned exactly', () => {
  for (const file of ['package.json', ...list('packages/*/package.json')]) {
    const {
      dependencies = {},
      devDependencies = {},
      optionalDependencies = {},
    } = JSON.parse(read(file)) as Record<string, Record<string, string>>;
    for (const [name, version] of Object.entries({ ...dependencies, ...devDependencies, ...optionalDependencies })) {
      expect(version, `${file}: ${name}`).toMatch(/^\d+\.\d+\.\d+/);
    }
  }
});

test('no machine path stands in the project', () => {
  const machine = new RegExp(['/work/' + '(main|shared)', '/root/' + '\\.', 'registry\\.npm' + 'js'].join('|'));
  const named = list().filter((file) => !file.endsWith('.png') && machine.test(read(file)));
  expect(named).toEqual([]);
});
