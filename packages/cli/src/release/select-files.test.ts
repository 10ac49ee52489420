/** What of a folder is packed, left out, refused or reported (patterns, junk, secrets, Git LFS pointers). */
import { chmod, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { readAuthorFolder } from './read-author-folder.ts';
import { authorFolder } from './testing/author-folder.ts';

const yaml = (files: string) => ({ 'release.yaml': `component: duck\nversion: 1.0.0\nfiles: ${files}\n` });
async function read(files: Readonly<Record<string, string>>) {
  const author = await readAuthorFolder(await authorFolder(files));
  if (author.ok) {
    const { files: packed, leftOut, warnings } = author.value;
    return { packed: packed.map(({ path }) => path as string), leftOut, warnings, refused: [] };
  }
  const refused =
    'mistakes' in author.refused ? author.refused.mistakes.map(({ message }) => message) : [author.refused];
  return { packed: [], leftOut: [], warnings: [], refused };
}

describe('patterns mean what they mean in .gitignore', () => {
  const files = {
    'policy.bin': 'weights',
    'secrets/fleet.txt': '',
    'tests/x.py': '',
    'sub/tests/y.py': '',
    'sub/c.pyc': '',
    'sub/deep/d.txt': '',
  };
  test.each([
    ['"secrets/"', ['secrets/fleet.txt']],
    ['tests', ['sub/tests/y.py', 'tests/x.py']],
    ['"/tests/**"', ['tests/x.py']],
    ['"*.pyc"', ['sub/c.pyc']],
    ['"sub/*"', ['sub/c.pyc', 'sub/deep/d.txt', 'sub/tests/y.py']],
    ['"**/deep"', ['sub/deep/d.txt']],
  ])('exclude: [%s]', async (pattern, gone) => {
    const { packed, warnings } = await read({ ...files, ...yaml(`{exclude: [${pattern}]}`) });
    expect(packed).toEqual(
      Object.keys(files)
        .filter((path) => !gone.includes(path))
        .toSorted(),
    );
    expect(warnings).toEqual([]);
  });

  test('.fairleadignore is read first, may be answered by exclude, and is not packed', async () => {
    const more = { '.fairleadignore': '# notes\n*.txt\n', ...yaml('{exclude: ["!d.txt"]}') };
    expect((await read({ ...files, ...more })).packed).toEqual(
      Object.keys(files)
        .filter((path) => path !== 'secrets/fleet.txt')
        .toSorted(),
    );
  });

  test('a pattern of exclude that matches nothing is a warning, one of include a mistake', async () => {
    const warned = await read({ ...files, ...yaml('{exclude: ["nothing/**", "*.pyc"]}') });
    expect(warned.warnings).toEqual(['files.exclude: "nothing/**" excludes no file']);
    expect((await read({ ...files, ...yaml('{include: [polcy.bin, "*"]}') })).refused).toEqual([
      '"polcy.bin" selects no file',
    ]);
  });
});

test('what no robot needs is left out and reported', async () => {
  const { packed, leftOut } = await read({
    'policy.bin': '',
    '.git/HEAD': '',
    '.DS_Store': '',
    '._policy.onnx': '',
    '__pycache__/a.pyc': '',
    'lib/.venv/bin/activate': '',
    'lib/.pytest_cache/x': '',
    '.policy.py.swp': '',
    'node_modules/.cache/x': '',
    'node_modules/left/index.js': '',
  });
  expect(packed).toEqual(['node_modules/left/index.js', 'policy.bin']);
  expect(new Set(leftOut)).toEqual(
    new Set([
      '.DS_Store',
      '._policy.onnx',
      '.git/',
      '.policy.py.swp',
      '__pycache__/',
      'lib/.pytest_cache/',
      'lib/.venv/',
      'node_modules/.cache/',
    ]),
  );
});

describe('a secret is refused unless it is named', () => {
  const key = ['-----BEGIN OPENSSH', 'PRIVATE KEY-----\nb3Bl\n'].join(' ');
  test.each([
    ['.env', 'A=1'],
    ['conf/.env.production', 'A=1'],
    ['.ssh/config', ''],
    ['.aws/credentials', ''],
    ['.netrc', ''],
    ['deploy/id_ed25519', 'key'],
    ['fleet.pem', key],
    ['innocent.txt', `notes\n${key}`],
    ['token.txt', `ghp_${'a'.repeat(36)}`],
    ['keys/release.key', '{\n  "schema": "fairlead.key.v1",\n'],
    ['deploy.sh', `fairlead --token flt_${'a'.repeat(43)} deploy`],
    ['agent.yaml', `enrolment: {token: fle_${'a'.repeat(43)}}`],
  ])('%s', async (path, content) => {
    const files = { 'policy.bin': '', [path]: content };
    expect((await read(files)).refused).toEqual([expect.stringContaining(`${path} is or holds`)]);
    const named = await read({ ...files, ...yaml(`{allowSecrets: [${path}]}`) });
    expect(named.packed).toContain(path);
  });

  test('all of them at once, and a name that names none', async () => {
    const { refused } = await read({ '.env': '', 'a.pem': key, ...yaml('{allowSecrets: [b.pem]}') });
    expect(refused).toHaveLength(3);
  });

  test('a public certificate and an example of settings are no secrets', async () => {
    const files = { 'ca.pem': '-----BEGIN CERTIFICATE-----\n', '.env.example': 'A=' };
    expect((await read(files)).packed).toEqual(['.env.example', 'ca.pem']);
  });
});

test('a pointer of Git LFS is named as such, whatever file it stands for', async () => {
  const pointer = 'version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 130\n';
  const { refused } = await read({ 'policy.onnx': pointer, 'vision.npz': pointer });
  expect(refused).toEqual([
    'policy.onnx is a pointer of Git LFS, not the file itself: run git lfs pull',
    'vision.npz is a pointer of Git LFS, not the file itself: run git lfs pull',
  ]);
});

describe('a folder that can’t be read', () => {
  const closed: string[] = [];
  afterEach(async () => {
    for (const folder of closed.splice(0)) await chmod(folder, 0o755);
  });
  async function withClosed(files: Readonly<Record<string, string>>) {
    const folder = await authorFolder({ 'policy.bin': '', ...files });
    await mkdir(join(folder, 'pgdata'));
    await chmod(join(folder, 'pgdata'), 0);
    closed.push(join(folder, 'pgdata'));
    return readAuthorFolder(folder);
  }
  // Root reads everything.
  const ordinary = test.skipIf(process.getuid?.() === 0);
  ordinary('is refused with what to do', async () => {
    expect(await withClosed({})).toMatchObject({
      refused: { refusal: { category: 'unreadable', hint: expect.stringContaining('files.exclude') } },
    });
  });
  ordinary.each(['pgdata', 'pgdata/', 'pgdata/**', '/pgdata/*'])(
    'is not entered where exclude has %s',
    async (pattern) => {
      expect((await withClosed(yaml(`{exclude: ["${pattern}"]}`))).ok).toBe(true);
    },
  );
});

test('a folder that is excluded as a whole is not entered', async () => {
  const { filePatterns } = await import('./file-patterns.ts');
  for (const pattern of ['data', 'data/', 'data/**', '/data/*', '**/data']) {
    expect([pattern, filePatterns([pattern]).coversFolder('data/')]).toEqual([pattern, true]);
  }
  for (const patterns of [['data/*.txt'], ['data/**', '!data/keep.txt'], ['data.txt']]) {
    expect([patterns, filePatterns(patterns).coversFolder('data/')]).toEqual([patterns, false]);
  }
});
