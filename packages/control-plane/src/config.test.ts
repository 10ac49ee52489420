import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readConfig, USAGE } from './config.ts';

async function configFile(text: string): Promise<string> {
  const file = join(await mkdtemp(join(tmpdir(), 'fairlead-config-')), 'control-plane.yaml');
  await writeFile(file, text);
  return file;
}
const mistakes = async (args: string[], env = {}) => {
  const config = await readConfig(args, env);
  return config.ok ? [] : config.refused;
};

test('nothing has to be configured', async () => {
  expect(await readConfig([], {})).toMatchObject({
    ok: true,
    value: { data: './.fairlead', host: '127.0.0.1', port: 7300, names: [], logLevel: 'info' },
  });
});

test('a flag wins over the environment, the environment over the file', async () => {
  const file = await configFile('listen: "0.0.0.0:1"\ndata: /file\nlogLevel: warn\n');
  const env = { FAIRLEAD_CONFIG: file, FAIRLEAD_DATA: '/env', FAIRLEAD_LISTEN: '0.0.0.0:2' };
  const config = await readConfig(['--listen', '[::]:3', '--name', 'a', '--name', 'b:80'], env);
  expect(config).toMatchObject({
    value: { host: '::', port: 3, data: '/env', logLevel: 'warn', names: ['a', 'b:80'] },
  });
});

test('a database is PostgreSQL by its URL, with its password in a file of its own', async () => {
  expect(await readConfig([], {})).not.toHaveProperty('value.postgres');
  const url = 'postgres://fairlead@db.example/fleet';
  expect(await readConfig([], { FAIRLEAD_DATABASE: url, FAIRLEAD_DATABASE_PASSWORD_FILE: '/p' })).toMatchObject({
    value: { postgres: { url, passwordFile: '/p' } },
  });
  const file = await configFile(`database: ${url}\n`);
  expect(await readConfig(['--config', file], {})).toMatchObject({ value: { postgres: { url } } });
  const [mistake] = await mistakes(['--database', 'mysql://root:secret@db/fleet']);
  expect(mistake).toMatch(/^--database: must/);
  expect(mistake).not.toContain('secret');
});

test('a mistake is told where it was made', async () => {
  const file = await configFile('data: /data\nlisen: here\n');
  expect(await mistakes(['--config', file])).toEqual([expect.stringContaining(`${file}:2: lisen`)]);
  expect(await mistakes(['--listen', '7300'])).toEqual([expect.stringMatching(/^--listen: must/)]);
  expect(await mistakes(['--prot', '1'])).toEqual([expect.stringContaining('--prot')]);
  expect(await mistakes([], { FAIRLEAD_LOG_LEVEL: 'loud' })).toEqual([
    expect.stringMatching(/^FAIRLEAD_LOG_LEVEL: must/),
  ]);
  expect(await mistakes(['--config', '/no/such/file.yaml'])).toEqual([
    '/no/such/file.yaml: cannot be read: there is no such file or folder',
  ]);
});

test('a second document in the file is refused, because it would be dropped', async () => {
  const file = await configFile('data: /data\n---\nlisten: 0.0.0.0:7300\n');
  expect(await mistakes(['--config', file])).toEqual([expect.stringContaining(`${file}:2: a second YAML document`)]);
});

test('the mistakes of flags, environment and file are reported together, each by its own name', async () => {
  const file = await configFile('maxBlobMb: "20"\nnames: [https://fleet.example]\n');
  expect(await mistakes(['--config', file, '--listen', '0.0.0.0:73000'], { FAIRLEAD_LOG_LEVEL: 'loud' })).toEqual([
    '--listen: is no address (the port must be at most 65535)',
    'FAIRLEAD_LOG_LEVEL: must be one of debug, info, warn, error, silent',
    `${file}:1: maxBlobMb: "20" in quotes is text: write 20`,
    `${file}:2: names.0: https://fleet.example must be HOST or HOST:PORT, not a URL`,
  ]);
});

test('a name that no robot can call and a range that is none are refused at the start', async () => {
  expect(await mistakes(['--name', '2001:db8::7'])).toEqual([
    '--name: 2001:db8::7 is no name of a server (an IPv6 address is written in brackets: [2001:db8::7]:7300)',
  ]);
  expect(await mistakes([], { FAIRLEAD_NAMES: 'fleet.example,[2001:db8::7]:7300' })).toEqual([]);
  const file = await configFile('trustedProxies: [10.0.0.0/8, "::1", 10.0.0.1/33]\n');
  expect(await mistakes(['--config', file])).toEqual([
    `${file}:1: trustedProxies.2: must be an IP address or a range of them, such as 10.0.0.0/8`,
  ]);
});

test('the help names the command by which it was asked for, and no line is wider than 80 columns', () => {
  expect(USAGE).toMatch(/^Usage: fairlead server/);
  expect(USAGE.split('\n').filter((line) => line.length > 80)).toEqual([]);
});
