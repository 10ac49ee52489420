import { describe, expect, test } from 'vitest';
import { describeProxy, isLoopback, oneProxy, proxyOfEnvironment, proxyUrlMistake } from './proxy-settings.ts';

describe('the proxy of the environment', () => {
  test('is named by HTTPS_PROXY and HTTP_PROXY; lower case wins, and an empty variable counts as absent', () => {
    const env = {
      HTTPS_PROXY: 'http://a:1',
      https_proxy: 'http://b:2',
      HTTP_PROXY: 'c:3',
      no_proxy: '',
      NO_PROXY: '.corp',
    };
    expect(proxyOfEnvironment(env)).toEqual({
      settings: { https: 'http://b:2', http: 'http://c:3', noProxy: '.corp' },
      mistakes: [],
    });
    expect(proxyOfEnvironment({ HTTPS_PROXY: '', NO_PROXY: '*' }).settings).toBeUndefined();
  });

  test('attack 136: a wrong variable is named with the reason, never with its value', () => {
    const env = { HTTPS_PROXY: 'http://duck:quack77@proxy.corp:port', HTTP_PROXY: 'socks5://duck:quack77@proxy.corp' };
    const { settings, mistakes } = proxyOfEnvironment(env);
    expect(settings).toBeUndefined();
    expect(mistakes).toEqual([
      'HTTPS_PROXY is no URL (the port must be a number)',
      'HTTP_PROXY is a SOCKS proxy; only HTTP proxies are supported (http:// or https://)',
    ]);
  });
});

test('a proxy is host and port, with an encoded user and password where it wants them', () => {
  for (const good of ['http://proxy.corp:3128', 'proxy.corp:3128', 'https://duck:qu%40ck@proxy.corp/', '10.0.0.1:80']) {
    expect(proxyUrlMistake(good)).toBeUndefined();
  }
  for (const bad of ['http://proxy.corp/path', 'http://d:100%@proxy.corp', 'ftp://proxy.corp', 'http://', 'a b']) {
    expect(proxyUrlMistake(bad)).toBeDefined();
  }
});

test('attack 136: people see a proxy without its user and password', () => {
  const proxy = oneProxy('duck:quack77@proxy.corp:3128');
  expect(describeProxy(proxy, new URL('https://fleet.corp'))).toBe('http://proxy.corp:3128');
});

test('every name and address of this machine is loopback, and no other', () => {
  const loopback = [
    '127.0.0.1',
    '127.9.9.9',
    '127.1',
    'localhost',
    'LOCALHOST.',
    'a.localhost',
    '[::1]',
    '[::ffff:127.0.0.1]',
  ];
  for (const host of loopback) expect(isLoopback(new URL(`http://${host}:80/`)), host).toBe(true);
  for (const host of ['fleet.corp', 'localhost.corp', '128.0.0.1', 'mylocalhost', '[::2]', '127.0.0.1.corp']) {
    expect(isLoopback(new URL(`http://${host}/`)), host).toBe(false);
  }
});
