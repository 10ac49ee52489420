import { describe, expect, test } from 'vitest';
import { file, LATER, makeFleetRepository, replaceRole, resign } from './support/fleet-repository.ts';
import { makeHappyRobot, refreshCode } from './support/robot.ts';

async function afterTimestamp(change: (text: string) => string | Buffer) {
  const repository = makeFleetRepository();
  const robot = await makeHappyRobot(repository);
  const body = change(file(repository, 'timestamp.json'));
  robot.server.on.set('timestamp.json', (_request, response) => response.end(body));
  const code = await refreshCode(robot, LATER);
  expect(robot.store.versions().timestamp).toBe(1);
  return code;
}

test('attack 28: a member that stands twice is refused, whichever value another reader would take', async () => {
  expect(await afterTimestamp((text) => text.replace('"version":1', '"version":9,"version":1'))).toBe('bad_json');
});

test('attack 29: a member called __proto__ is refused and pollutes nothing', async () => {
  expect(await afterTimestamp((text) => text.replace('"version":1', '"__proto__":{"x":1},"version":1'))).toBe(
    'bad_json',
  );
  expect(Reflect.get({}, 'x')).toBeUndefined();
});

describe('attack 30: a version that two readers could understand differently', () => {
  test.each(['1.0', '1.5', '1e3', '9007199254740993', '-0', 'NaN', '01', '"1"', '0', '-1'])(
    '%s is refused',
    async (version) => {
      expect(await afterTimestamp((text) => text.replace('"version":1', `"version":${version}`))).toBe('bad_json');
    },
  );
});

test('attack 31: nesting 8000 deep is refused without a stack overflow', async () => {
  const deep = `${'['.repeat(3000)}${']'.repeat(3000)}`;
  expect(await afterTimestamp((text) => text.replace('"version":1', `"x":${deep},"version":1`))).toBe('bad_json');
  expect(await afterTimestamp(() => '['.repeat(8000))).toBe('bad_json');
});

describe('attack 32: text that is not quite UTF-8', () => {
  test.each([
    ['a byte order mark', (text: string) => Buffer.concat([Buffer.from([0xef, 0xbb, 0xbf]), Buffer.from(text)])],
    [
      'an overlong encoding',
      (text: string) => Buffer.concat([Buffer.from(text.slice(0, -2)), Buffer.from([0xc0, 0xaf])]),
    ],
    ['a lone surrogate', (text: string) => text.replace('"1.0.31"', '"\\ud800"')],
    ['an escaped NUL', (text: string) => text.replace('"1.0.31"', '"1.0.31\\u0000"')],
    ['a raw NUL', (text: string) => text.replace('"1.0.31"', '"1.0.31\0"')],
    ['UTF-16', (text: string) => Buffer.from(text, 'utf16le')],
  ])('%s is refused', async (_name, change) => {
    expect(await afterTimestamp(change)).toBe('bad_json');
  });
});

test('attack 33: data after the document is refused', async () => {
  expect(await afterTimestamp((text) => `${text}{}`)).toBe('bad_json');
  expect(await afterTimestamp((text) => text + text)).toBe('bad_json');
});

test.each(['constructor', '__proto__x', 'releases/production/../x.json', '../etc/passwd'])(
  'attack 29: a role that lists "%s" is refused as a whole',
  async (name) => {
    const repository = makeFleetRepository();
    const robot = await makeHappyRobot(repository);
    const text = resign('targets', repository.head.roles.production, repository.signers.production, (signed) => ({
      ...signed,
      version: 2,
      targets: { ...signed.targets, [name]: signed.targets['policy/production.json'] },
    }));
    replaceRole(repository, 'production', text);
    expect(await refreshCode(robot, LATER)).toBe('name');
  },
);
