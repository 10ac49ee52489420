import { expect, test } from 'vitest';
import { readReply } from './read-reply.ts';

const is = (from: number, status: number, headers: Record<string, string> = {}): string => {
  const meaning = readReply({ status, headers }, from, 1000);
  return 'category' in meaning ? `${meaning.is}: ${meaning.category}` : meaning.is;
};

// biome-ignore format: the table is read by column
test.each([
  ['the whole blob',                     is(0,   200, { 'content-length': '1000' }),                                              'from-start'],
  ['the rest of it',                     is(400, 206, { 'content-range': 'bytes 400-999/1000', 'content-length': '600' }),        'continue'],
  ['all of it instead of the rest',      is(400, 200, { 'content-length': '1000' }),                                              'from-start'],
  ['a range that starts elsewhere',      is(400, 206, { 'content-range': 'bytes 300-999/1000' }),                                 'wrong: range'],
  ['a range nobody can read',            is(400, 206, { 'content-range': 'lines 4-9' }),                                          'wrong: range'],
  ['nothing behind what we have',        is(400, 416),                                                                            'wrong: range'],
  ['a login page of a captive portal',   is(0,   200, { 'content-length': '312' }),                                               'wrong: length'],
  ['a login page of unknown length',     is(400, 200, { 'content-type': 'text/html' }),                                           'wrong: length'],
  ['the blob through a proxy that drops its length', is(0, 200, { etag: '"5d"' }),                                                'from-start'],
  ['a redirect to another host',         is(0,   302, { location: 'http://evil.example/' }),                                      'wrong: redirect'],
  ['a compressed answer',                is(0,   200, { 'content-encoding': 'gzip' }),                                            'wrong: encoding'],
  ['too many requests',                  is(0,   429),                                                                            'later'],
  ['a broken server',                    is(0,   503),                                                                            'later'],
  ['an expired signature',               is(0,   401),                                                                            'later'],
  ['no such blob',                       is(0,   404),                                                                            'never: not_found'],
  ['a blob that is gone for good',       is(0,   410),                                                                            'never: not_found'],
  ['a robot that may not read it',       is(0,   403),                                                                            'never: forbidden'],
])('%s is understood', (_what, meaning, expected) => {
  expect(meaning).toBe(expected);
});
