import { expect, test } from 'vitest';
import { foreignAnswer, isEncoded } from './foreign-answer.ts';

const answer = (status: number, headers: Record<string, string> = {}) =>
  foreignAnswer({ status, headers, body: new Uint8Array() }, new URL('https://fleet.example/api'), `HTTP ${status}`);

test.each([
  [413, 'refuses a request of this size (HTTP 413)', 'client_max_body_size'],
  [502, 'does not reach the control plane behind it (HTTP 502)', 'Is the control plane running'],
  [503, 'does not reach the control plane behind it (HTTP 503)', 'Is the control plane running'],
  [504, 'got no answer from the control plane in time (HTTP 504)', 'proxy_read_timeout'],
  [407, 'asks for its own credentials (HTTP 407)', 'user and password'],
  [418, "is not Fairlead's API (HTTP 418)", 'captive portal'],
])('an answer %i of a proxy names its cause and the next step', (status, detail, hint) => {
  expect(answer(status)).toMatchObject({
    code: 'unexpected_answer',
    status,
    detail: expect.stringContaining(detail),
    hint: expect.stringContaining(hint),
  });
});

test('a redirect names where it points', () => {
  expect(answer(301, { location: 'https://new.example/' }).detail).toContain('HTTP 301 to https://new.example/');
});

test('an answer that a proxy compressed is named as such', () => {
  expect(answer(200, { 'content-encoding': 'gzip' }).detail).toContain('compressed answer (gzip)');
  expect(isEncoded({ headers: { 'content-encoding': 'gzip' } })).toBe(true);
  expect(isEncoded({ headers: { 'content-encoding': 'identity' } })).toBe(false);
  expect(isEncoded({ headers: {} })).toBe(false);
});
