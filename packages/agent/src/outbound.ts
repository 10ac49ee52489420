/** The way from this robot to its control plane, as agent.yaml and the environment of the agent arrange it. */
import { openOutbound } from '@fairlead/toolkit/http/outbound';
import { describeProxy, oneProxy, type ProxySettings, proxyOfEnvironment } from '@fairlead/toolkit/http/proxy-settings';
import type { SendRequest } from '@fairlead/toolkit/http/send-request';
import type { AgentConfig } from './config.ts';

/** `environment`: `process.env`. `proxy` of agent.yaml replaces the variables altogether. */
export function agentOutbound(
  { proxy, tls, server }: Pick<AgentConfig, 'proxy' | 'tls' | 'server'>,
  environment: Readonly<Record<string, string | undefined>>,
  log: (level: 'info' | 'warn', message: string) => void,
): SendRequest {
  const settings = proxy === undefined ? ofEnvironment(environment, log) : ofConfig(proxy);
  if (settings) log('info', `the control plane is asked through the proxy ${describeProxy(settings, new URL(server))}`);
  return openOutbound(() => ({ proxy: settings, tls }));
}

const ofConfig = (proxy: NonNullable<AgentConfig['proxy']>): ProxySettings | undefined =>
  proxy === 'none' ? undefined : oneProxy(proxy.url, proxy.noProxy?.join(','));

/** A wrong variable is no reason to stop: a robot without network still looks after its application. */
function ofEnvironment(
  environment: Readonly<Record<string, string | undefined>>,
  log: (level: 'warn', message: string) => void,
): ProxySettings | undefined {
  const { settings, mistakes } = proxyOfEnvironment(environment);
  for (const mistake of mistakes) log('warn', `${mistake}: the variable is left out`);
  return settings;
}
