import { MINUTE } from '@fairlead/shared/time';
import { describe, expect, test } from 'vitest';
import { NOW } from './support/fleet-repository.ts';
import { BODY, judgeCode, received, robotKey, withHeader } from './support/signed-request.ts';

test('a request arrives as it was signed', () => {
  expect(judgeCode(received())).toBe('accepted');
  expect(judgeCode(received({ query: 'wait=1' }))).toBe('accepted');
});

describe('attack 66: whatever is changed on the way breaks the signature', () => {
  test.each([
    ['method', { method: 'PUT' }],
    ['path', { path: '/api/v1/robots/duck-2/check-in' }],
    ['query', { query: '?wait=2' }],
    ['missing query', { query: '' }],
    ['body', { body: Buffer.from('{"nonce":"x"}') }],
    ['missing body', { body: Buffer.alloc(0) }],
  ])('%s', (_what, change) => {
    expect(judgeCode(received(change))).toBe('bad_signature');
  });

  test('a body with a matching digest that was not the signed one', () => {
    const request = received({ body: Buffer.from('other') });
    const digest = withHeader('content-digest', () => 'sha-256=:XhscR/0mFzjtQSpNOiTDp7zj4jmZ8E4bGfHmJ0ldVSE=:');
    expect(judgeCode({ ...request, headers: digest.headers })).toBe('bad_signature');
  });
});

describe('attack 66: a signer may not choose what is covered', () => {
  test.each([
    ['without the body', (input: string) => input.replace(' "content-digest"', '')],
    ['without the path', (input: string) => input.replace(' "@path"', '')],
    ['with something more', (input: string) => input.replace('"@method"', '"@method" "x-more"')],
    ['in another order', (input: string) => input.replace('"@method" "@authority"', '"@authority" "@method"')],
    ['under another tag', (input: string) => input.replace('fairlead-robot-v1', 'other')],
    ['with another algorithm', (input: string) => `${input};alg="hmac-sha256"`],
    ['with an unknown parameter', (input: string) => `${input};expires=99999999999`],
    ['with a parameter twice', (input: string) => `${input};nonce="${'b'.repeat(32)}"`],
    ['with a short nonce', (input: string) => input.replace('a'.repeat(32), 'a')],
  ])('%s', (_what, change) => {
    expect(judgeCode(withHeader('signature-input', change))).toBe('bad_signature');
  });
});

describe('attack 67: one label and one signature', () => {
  test.each([
    ['a second signature', 'signature', (value: string) => `${value}, ${value.replace('sig=', 'sig2=')}`],
    ['a second input', 'signature-input', (value: string) => `${value}, ${value.replace('sig=', 'sig2=')}`],
    ['another label', 'signature', (value: string) => value.replace('sig=', 'sig1=')],
    ['swapped labels', 'signature-input', (value: string) => value.replace('sig=', 'sig2=')],
    ['no signature', 'signature', () => ''],
    ['no input', 'signature-input', () => ''],
  ])('%s', (_what, name, change) => {
    expect(judgeCode(withHeader(name, change))).toBe('bad_signature');
  });
});

test('attack 68: a request for another authority is refused, whatever Host says', () => {
  expect(judgeCode(received({ authority: 'evil.example' }))).toBe('bad_signature');
  expect(judgeCode(received({ authority: 'fleet.example' }))).toBe('bad_signature');
});

test('a key that this fleet does not know is refused', () => {
  expect(judgeCode(withHeader('signature-input', (input) => input.replace(robotKey.keyid, 'b'.repeat(64))))).toBe(
    'bad_signature',
  );
});

test('a request five minutes off is told so; one second more or less decides', () => {
  expect(judgeCode(received(), NOW + 5 * MINUTE)).toBe('accepted');
  expect(judgeCode(received(), NOW + 5 * MINUTE + 1000)).toBe('clock_skew');
  expect(judgeCode(received(), NOW - 5 * MINUTE - 1000)).toBe('clock_skew');
});

test('only the holder of the key learns that its clock is off', () => {
  expect(judgeCode(received({ query: '?wait=2' }), NOW + 60 * MINUTE)).toBe('bad_signature');
  // The signature covers the digest of the body, so the time is decided before the body is read.
  expect(judgeCode(received({ body: Buffer.concat([BODY, BODY]) }), NOW + 60 * MINUTE)).toBe('clock_skew');
});
