/** undici's agent for HTTP proxies. Only loaded where there is one. */
import type { Dispatcher } from 'undici';
import connect from 'undici/lib/api/api-connect.js';
import EnvHttpProxyAgent from 'undici/lib/dispatcher/env-http-proxy-agent.js';
import Pool from 'undici/lib/dispatcher/pool.js';
import type { ProxySettings } from './proxy-settings.ts';
import type { TlsMaterial } from './tls-files.ts';

/** CONNECT for https, an ordinary proxy request for http. A proxy that is itself https:// is checked by the same CA. */
export function openProxyAgent({ http, https, noProxy }: ProxySettings, tls: TlsMaterial): Dispatcher {
  const { ca } = tls;
  return new EnvHttpProxyAgent({
    // Empty: undici would else read the environment, where agent.yaml or an option has already decided.
    httpProxy: http ?? '',
    httpsProxy: https ?? '',
    noProxy: noProxy ?? '',
    allowH2: false,
    // undici's index gives every dispatcher this method; ProxyAgent asks for its tunnels by it.
    clientFactory: (origin: URL, options: object): Dispatcher => Object.assign(new Pool(origin, options), { connect }),
    connect: { ...tls },
    requestTls: { ...tls },
    proxyTls: { ...(ca !== undefined && { ca }) },
  });
}
