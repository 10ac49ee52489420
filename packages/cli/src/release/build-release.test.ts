import { execFile } from 'node:child_process';
import { chmod, mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { buildError } from './build-refusal.ts';
import { buildRelease } from './build-release.ts';
import { describeFiles } from './describe-files.ts';
import { authorFolder, builtFrom, newFolder } from './testing/author-folder.ts';
import { verifyReleaseFile } from './verify-release-file.ts';

async function build(folder: string) {
  return buildRelease({ folder, to: () => join(folder, 'out.fairlead') });
}
async function mistakesOf(yaml: string, files: Readonly<Record<string, string>> = { 'run.sh': '' }) {
  const built = await build(await authorFolder({ ...files, 'release.yaml': yaml }));
  return built.ok ? [] : (buildError(built.refused, 'duck').options.mistakes ?? [JSON.stringify(built.refused)]);
}
async function refusalOf(folder: string) {
  const built = await build(folder);
  return !built.ok && 'refusal' in built.refused ? built.refused.refusal : undefined;
}
async function filesOf(file: string) {
  const verified = await verifyReleaseFile(file);
  return verified.ok ? verified.value.manifest.files.map(({ path, mode }) => `${path} ${mode.toString(8)}`) : [];
}

test('everything in the folder is packed but release.yaml, built releases and what no robot needs', async () => {
  const file = await builtFrom({
    'lib/a.json': '{}',
    'README.md': '',
    '.gitignore': '',
    '.git/HEAD': '',
    'old.fairlead': '',
  });
  expect(await filesOf(file)).toEqual(['README.md 644', 'lib/a.json 644']);
});

test('include and exclude follow the rules of .gitignore', async () => {
  const yaml =
    'component: duck\nversion: 1.0.0\nfiles: {include: ["/*.json", "lib/"], exclude: ["*.md", "lib/tests/", "!keep.md"]}\n';
  const file = await builtFrom({
    'release.yaml': yaml,
    'a.json': '',
    'x/b.json': '',
    'lib/y/c.so': '',
    'lib/d.md': '',
    'lib/keep.md': '',
    'lib/tests/keep.md': '',
  });
  expect(await filesOf(file)).toEqual(['a.json 644', 'lib/keep.md 644', 'lib/y/c.so 644']);
});

test('of modes only "may run" survives', async () => {
  const folder = await authorFolder({ 'run.sh': '', 'open.txt': '' });
  await chmod(join(folder, 'run.sh'), 0o4700);
  await chmod(join(folder, 'open.txt'), 0o666);
  await build(folder);
  expect(await filesOf(join(folder, 'out.fairlead'))).toEqual(['open.txt 644', 'run.sh 755']);
});

test('the same folder gives the same file, byte for byte', async () => {
  const files = { 'a.txt': 'a', 'lib/b.txt': 'b' };
  expect(await readFile(await builtFrom(files))).toEqual(await readFile(await builtFrom(files)));
});

test('a build that is refused leaves nothing, and an older result as it was', async () => {
  const folder = await authorFolder({ 'policy.onnx': 'no model' });
  await writeFile(join(folder, 'out.fairlead'), 'older');
  expect(await refusalOf(folder)).toMatchObject({
    phase: 'build',
    element: 'policy.onnx',
    category: 'model_unloadable',
  });
  expect(await readdir(folder)).toEqual(['out.fairlead', 'policy.onnx', 'release.yaml']);
  expect(await readFile(join(folder, 'out.fairlead'), 'utf8')).toBe('older');
});

describe('a release of so many files that a manifest can’t hold them', () => {
  const many = () =>
    builtFrom(
      Object.fromEntries(Array.from({ length: 800 }, (_, index) => [`${'x'.repeat(240)}${index}`, `${index}`])),
    );

  test('is built with a list of files that the manifest names by digest, and is verified with it', async () => {
    const file = await many();
    const verified = await verifyReleaseFile(file);
    if (!verified.ok) throw new Error(verified.refused.detail);
    const { manifest, manifestBytes, fileList } = verified.value;
    expect([manifest.schema, manifest.files.length, manifest.fileList?.count]).toEqual([
      'fairlead.release.v2',
      800,
      800,
    ]);
    expect(Buffer.from(manifestBytes).toString()).not.toContain('xxx');
    expect(fileList?.length).toBe(manifest.fileList?.size);
  });

  test('can be opened and checked with tar and sha256sum alone', async () => {
    const folder = await newFolder();
    await promisify(execFile)('tar', ['xf', await many(), '-C', folder]);
    const { stdout } = await promisify(execFile)('sha256sum', ['--check', 'SHA256SUMS'], { cwd: folder });
    expect(stdout).toBe('manifest.json: OK\nfiles.json: OK\nbundle.tar.zst: OK\n');
  });

  test('is refused where one bit of the list differs', async () => {
    const sound = await readFile(await many());
    const bent = Buffer.from(sound);
    const at = bent.indexOf('"size":1') + 7;
    bent[at] = '2'.charCodeAt(0);
    const file = join(await newFolder(), 'bent.fairlead');
    await writeFile(file, bent);
    expect(await verifyReleaseFile(file)).toMatchObject({ ok: false, refused: { category: 'hash' } });
  });
});

describe('a folder is refused', () => {
  test('with a link in it, named by its path', async () => {
    const folder = await authorFolder({ 'a.txt': '' });
    await symlink('/etc/passwd', join(folder, 'link'));
    expect(await refusalOf(folder)).toMatchObject({ category: 'type', element: 'link' });
  });
  test('with a name that not every robot can hold', async () => {
    expect(await refusalOf(await authorFolder({ 'modèle.json': '' }))).toMatchObject({ category: 'path' });
    expect(await refusalOf(await authorFolder({ 'A.json': '', 'a.json': '' }))).toMatchObject({ category: 'path' });
  });
  test('with nothing to pack', async () => {
    const folder = await newFolder();
    await mkdir(join(folder, 'empty'));
    await writeFile(join(folder, 'release.yaml'), 'component: duck\nversion: 1.0.0\n');
    expect(await refusalOf(folder)).toMatchObject({ category: 'empty' });
  });
  test.each([
    ['too many files', 20_001, 10],
    ['a list of files that no robot would read', 20_000, 300],
  ])('with %s, before any of them is read', async (_what, count, length) => {
    const many = Array.from({ length: count }, (_, index) => `${'x/'.repeat(length / 2)}${index}`);
    // None of them exists: nothing was read.
    const described = await describeFiles(
      '/nowhere',
      many.toSorted().map((path) => ({ path, kind: 'file' })),
    );
    expect(described).toMatchObject({
      ok: false,
      refused: { category: 'too_big', hint: expect.stringContaining('files.exclude') },
    });
  });
});

describe('mistakes in release.yaml are told by file, line and key', () => {
  test('all at once, with the word that was meant', async () => {
    const yaml = `component: Duck
version: "1.0"
requires:
  jetpack: six
smokeTests:
  - onnx:
      modle: policy.onnx
      rtoll: 1
  - comand: {run: [x]}
healthChecks:
  - http: {url: "ftp://x"}
  - tcp: {port: 80, atempts: 3}
  - systemd: {unit: duck, maxRestart: 2}
probation: 60
serivces: [duck]
`;
    expect(await mistakesOf(yaml)).toMatchInlineSnapshot(`
      [
        "release.yaml:1: component: must be: A named thing a robot runs: lower-case letters, digits and dashes, at most 63.",
        "release.yaml:2: version: must be: A semantic version, lower-case: 2.1.0, 2.1.0-rc.1, 2.1.0-dev.my-branch.1a2b3c4d.",
        "release.yaml:4: requires.jetpack: "six" is not a semver range, such as ">=6.0" or "^2.1.0"",
        "release.yaml:6: smokeTests.0.onnx: must have required properties model",
        "release.yaml:7: smokeTests.0.onnx.modle: unknown key modle; did you mean model?",
        "release.yaml:8: smokeTests.0.onnx.rtoll: unknown key rtoll; did you mean rtol?",
        "release.yaml:9: smokeTests.1.comand: unknown key comand; did you mean command?",
        "release.yaml:11: healthChecks.0.http.url: must be: An http:// or https:// URL, such as http://127.0.0.1:9208/health.",
        "release.yaml:12: healthChecks.1.tcp.atempts: unknown key atempts; did you mean attempts?",
        "release.yaml:13: healthChecks.2.systemd.maxRestart: unknown key maxRestart; did you mean maxRestarts?",
        "release.yaml:14: probation: must be a mapping: one "key: value" per line, indented",
        "release.yaml:15: serivces: unknown key serivces; did you mean services?",
      ]
    `);
  });
  test('also what only the files show', async () => {
    const yaml = `component: duck
version: 1.0.0
files:
  include: [libs, "**"]
smokeTests:
  - onnx: {model: polcy.onnx, goldens: ["goldens/*.json"]}
  - command:
      run: [./self-test]
`;
    expect(await mistakesOf(yaml, { 'lib/a.txt': '', self_test: '' })).toMatchInlineSnapshot(`
      [
        "release.yaml:4: files.include.0: "libs" selects no file",
        "release.yaml:6: smokeTests.0.onnx.model: "polcy.onnx" is not a file of this release",
        "release.yaml:6: smokeTests.0.onnx.goldens.0: "goldens/*.json" matches no file of this release",
        "release.yaml:8: smokeTests.1.command.run.0: "./self-test" is not a file of this release",
      ]
    `);
  });
  test('and what a schema cannot say', async () => {
    const yaml = `component: duck
version: 1.0.0
requires: {jetpack: six, components: {duck: "*"}}
smokeTests:
  - onnx: {model: policy.onnx}
state:
  backup:
    - /var/lib/duck
    - /var/../etc
`;
    expect(await mistakesOf(yaml)).toMatchInlineSnapshot(`
      [
        "release.yaml:3: requires.jetpack: "six" is not a semver range, such as ">=6.0" or "^2.1.0"",
        "release.yaml:3: requires.components.duck: a component cannot require itself",
        "release.yaml:5: smokeTests.0.onnx: a model needs goldens (fairlead release golden makes them), or requireGoldens: false",
        "release.yaml:5: smokeTests.0.onnx.model: "policy.onnx" is not a file of this release",
        "release.yaml:9: state.backup.1: must be an absolute path without . or .., and not / itself",
      ]
    `);
  });
  test('a file that is no YAML, or empty', async () => {
    expect(await mistakesOf('component: [\n')).toMatchInlineSnapshot(`
      [
        "release.yaml:2: Flow sequence in block collection must be sufficiently indented and end with a ]",
      ]
    `);
    expect(await mistakesOf('')).toMatchInlineSnapshot(`
      [
        "release.yaml:1: must have required properties component, version",
      ]
    `);
  });
});
