import { openOutbound } from '@fairlead/toolkit/http/outbound';
import { undiciTransport } from '@fairlead/toolkit/http/undici-transport';
import { describe, expect, test } from 'vitest';
import { outboundOptions } from './outbound-options.ts';
import { runFairlead } from './testing/run-fairlead.ts';

describe('the way to the control plane', () => {
  const env = { HTTPS_PROXY: 'http://a:1', NO_PROXY: '.lab', FAIRLEAD_CA_FILE: '/env/ca.pem' };

  test('is taken from the usual variables and FAIRLEAD_CA_FILE', () => {
    expect(outboundOptions({}, env)).toEqual({
      proxy: { https: 'http://a:1', noProxy: '.lab' },
      tls: { caFile: '/env/ca.pem' },
    });
    expect(outboundOptions({}, {})).toEqual({ proxy: undefined });
  });

  test('is changed by options: another proxy keeps NO_PROXY, and none means directly', () => {
    const options = { proxy: 'http://b:2', caFile: '/my/ca.pem' };
    expect(outboundOptions(options, env)).toEqual({
      proxy: { http: 'http://b:2', https: 'http://b:2', noProxy: '.lab' },
      tls: { caFile: '/my/ca.pem' },
    });
    expect(outboundOptions({ proxy: 'none' }, env).proxy).toBeUndefined();
  });

  test('attack 136: every mistake is named, and no password', () => {
    const wrong = { HTTPS_PROXY: 'http://duck:quack77@a:b', FAIRLEAD_CLIENT_KEY_FILE: '/key.pem' };
    expect(() => outboundOptions({}, wrong)).toThrow(
      'The control plane cannot be asked: HTTPS_PROXY is no URL (the port must be a number); ' +
        'a client certificate and its key belong together: name both files or none.',
    );
  });

  test('attack 136: a wrong --proxy ends a command before it sends anything, and is not repeated', async () => {
    const options = { proxy: 'socks5://duck:quack77@proxy.corp' };
    const send = openOutbound(() => outboundOptions(options, {}));
    const said = await runFairlead('status', { transport: undiciTransport({ send }) });
    expect(said.stderr).toMatch(/^error: .*--proxy is a SOCKS proxy/);
    expect([said.exitCode, said.stderr.includes('quack77')]).toEqual([1, false]);
  });
});
