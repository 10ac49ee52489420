import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { forwardProxy } from '@fairlead/toolkit/http/testing/forward-proxy';
import { expect, onTestFinished, test } from 'vitest';
import { agentOutbound } from './outbound.ts';

async function controlPlane(): Promise<string> {
  const server = createServer((_request, response) => response.end('here'));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://fleet.corp.invalid:${(server.address() as AddressInfo).port}`;
}

test('a robot takes the proxy of its environment, and agent.yaml replaces it', async () => {
  const [server, ofMachine, ofConfig] = await Promise.all([controlPlane(), forwardProxy(), forwardProxy()]);
  const environment = { http_proxy: `http://127.0.0.1:${ofMachine.port}` };
  const ask = async (proxy?: { url: string } | 'none') => {
    const send = agentOutbound({ server, ...(proxy && { proxy }) }, environment, () => undefined);
    return (await send(new URL(server))).body.text();
  };
  expect(await ask()).toBe('here');
  expect(await ask({ url: `http://127.0.0.1:${ofConfig.port}` })).toBe('here');
  expect([ofMachine.asked.length, ofConfig.asked.length]).toEqual([1, 1]);
  await expect(ask('none')).rejects.toThrow(/ENOTFOUND|EAI_AGAIN/);
});

test('attack 136: the log names the proxy and the variables that are wrong, never user and password', () => {
  const logged: string[] = [];
  const environment = { HTTPS_PROXY: 'http://duck:quack77@proxy.corp:3128', HTTP_PROXY: 'http://duck:quack77@:3128' };
  agentOutbound({ server: 'https://fleet.corp' }, environment, (level, message) => logged.push(`${level} ${message}`));
  expect(logged).toEqual([
    'warn HTTP_PROXY is no URL (it names no host): the variable is left out',
    'info the control plane is asked through the proxy http://proxy.corp:3128',
  ]);
});
