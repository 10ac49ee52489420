import { expect, test } from 'vitest';
import { tokenMistake, trimToken } from './token-text.ts';

test('what editors and shells add around a token is not part of it', () => {
  for (const text of ['flt_abc-DEF_1\r', ' flt_abc-DEF_1\n', '\u{FEFF}flt_abc-DEF_1\r\n']) {
    expect(trimToken(text)).toBe('flt_abc-DEF_1');
  }
  expect(tokenMistake('flt_abc-DEF_1')).toBeUndefined();
  expect(tokenMistake('eyJh.eyJz.s_-')).toBeUndefined();
});

test.each([
  ['', 'is empty'],
  ['"flt_secret"', 'quotes'],
  ['Bearer flt_secret', 'without "Bearer"'],
  ['flt_secret\nflt_other', 'several lines'],
  ['flt_secret\u{0}', 'characters'],
  ['flt secret', 'characters'],
])('%j is no token, and the reason does not repeat it', (text, reason) => {
  expect(tokenMistake(text)).toContain(reason);
  expect(tokenMistake(text)).not.toContain('secret');
});
