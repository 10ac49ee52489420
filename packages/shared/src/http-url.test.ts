import { expect, test } from 'vitest';
import { authorityMistake, hasCredentials, httpUrlMistake, serverUrlMistake } from './http-url.ts';

test.each([
  'http://127.0.0.1:9208/health',
  'https://fleet.example',
  'http://[::1]:8080/x?y=1',
  'http://robot_7.local./',
  'http://küche.example/',
  'http://localhost:80',
])('%s is a URL', (url) => {
  expect(httpUrlMistake(url)).toBeUndefined();
});

test.each([
  ['http://127.0.0.1:99999/health', 'the port must be at most 65535'],
  ['http://HOST:PORT/health', 'the port must be a number'],
  ['http://127.0.0.1:0/', 'the port must be at least 1'],
  ['http://127.0.0.1:9208 /health', 'it contains a blank or a line end'],
  ['http://fleet.example\r', 'it contains a blank or a line end'],
  ['http://', 'it names no host'],
  ['http:///health', 'it names no host'],
  ['http://:7300', 'it names no host'],
  ['http://${HOST}/', 'the host is no host name and no address'],
  ['http://300.1.1.1/', 'the host is no host name and no address'],
  ['http://a..b/', 'the host is no host name and no address'],
  ['http://2001:db8::7:7300', 'an IPv6 address is written in brackets: [2001:db8::7]:7300'],
  ['http://[2001:db8::7', 'the host is no host name and no address'],
  ['127.0.0.1:7300', 'it must begin with http:// or https://'],
  ['fleet.example', 'it must begin with http:// or https://'],
  ['"http://fleet.example"', 'quotes belong to it: delete them'],
  ['ftp://fleet.example', 'it begins with ftp://, not with http:// or https://'],
])('%j is no URL, and the reason is reported', (url, reason) => {
  expect(httpUrlMistake(url)).toContain(`(${reason})`);
  expect(serverUrlMistake(url)).toContain(`(${reason})`);
});

test.each(['http://127.0.0.1:7300', 'https://fleet.example/', 'https://fleet.example//', 'http://[::1]:7300'])(
  '%s is an address of a control plane',
  (url) => {
    expect(serverUrlMistake(url)).toBeUndefined();
  },
);

test('a control plane has no path, query, fragment, user or password, and the password is not repeated', () => {
  expect(serverUrlMistake('https://company.example/fairlead')).toContain('must not have a path (/fairlead)');
  expect(serverUrlMistake('http://127.0.0.1:7300/?x=1')).toContain('(write http://127.0.0.1:7300)');
  expect(serverUrlMistake('http://127.0.0.1:7300/#x')).toContain('(write http://127.0.0.1:7300)');
  expect(serverUrlMistake('http://fleet:secret@127.0.0.1:7300')).toContain('must not contain a user or a password');
  expect(serverUrlMistake('http://fleet:secret@127.0.0.1:7300')).not.toContain('secret');
  expect(httpUrlMistake('http://fleet:secret@:x/')).not.toContain('secret');
  expect(hasCredentials('http://fleet@robot/')).toBe(true);
});

test('a name of a server is a host with or without a port', () => {
  for (const name of ['fleet.example', 'fleet.example:443', '[2001:db8::7]', '[2001:db8::7]:7300', '10.0.0.1']) {
    expect(authorityMistake(name)).toBeUndefined();
  }
  expect(authorityMistake('2001:db8::7')).toContain('in brackets');
  expect(authorityMistake('fleet.example:70000')).toContain('at most 65535');
  expect(authorityMistake('https://fleet.example')).toBeDefined();
});
