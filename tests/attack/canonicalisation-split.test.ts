import { canonicalJson, signingBytes } from '@fairlead/shared/trust/canonical-json';
import { parseStrictJson } from '@fairlead/shared/trust/strict-json';
import { canonicalize } from '@tufjs/canonical-json';
import { expect, test } from 'vitest';
import { file, LATER, makeFleetRepository } from './support/fleet-repository.ts';
import { makeHappyRobot, refreshCode } from './support/robot.ts';

test('attack 34: escape forms and key order change the text but not what was signed', async () => {
  const repository = makeFleetRepository();
  const robot = await makeHappyRobot(repository);
  const text = file(repository, 'timestamp.json');
  const { signed, signatures } = JSON.parse(text);
  const other = JSON.stringify({ signed: Object.fromEntries(Object.entries(signed).reverse()), signatures });
  repository.files.set('timestamp.json', other.replace('"timestamp"', '"\\u0074imestamp"'));
  expect(await refreshCode(robot, LATER)).toBe('accepted');
});

test('attack 34: keys whose order differs between UTF-16 and code points have no canonical form here', () => {
  const value = { '\u{ffff}': 1, '\u{10000}': 2 };
  expect(() => canonicalJson(value)).toThrow(/not printable ASCII/);
});

test('attack 34: two strings that would share their bytes have no canonical form', () => {
  expect(() => signingBytes({ a: '\ud800' })).toThrow(/surrogate/);
});

test('the strict reader and tuf-js see the same signed bytes', () => {
  const text = '{"b":[1,2,{"z":null,"a":"\\u00e9\\n\\\\ \\" /"}],"a":true}';
  const strict = parseStrictJson(text);
  expect(strict.ok && Buffer.from(signingBytes(strict.value)).toString()).toBe(canonicalize(JSON.parse(text)));
});
