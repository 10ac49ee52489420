/**
 * Which HTTP proxy leads to the control plane: what agent.yaml, `--proxy` and the usual variables say. The URL of a proxy may
 * contain a password; no message here repeats it.
 */
import { httpUrlMistake } from '@fairlead/shared/http-url';

export interface ProxySettings {
  /** For http:// addresses, and for https:// ones where `https` is absent. May contain a password: never log it. */
  readonly http?: string;
  /** For https:// addresses (CONNECT). May contain a password: never log it. */
  readonly https?: string;
  /** Hosts that are asked directly, separated by commas: `fleet.corp`, `.corp`, `10.0.0.7:7300`, `*`. */
  readonly noProxy?: string;
}

/** Why `text` is no proxy; undefined where it is one. `proxy:3128` counts as http://proxy:3128, as curl reads it. */
export function proxyUrlMistake(text: string): string | undefined {
  const url = withScheme(text);
  if (/^socks/i.test(url)) return 'is a SOCKS proxy; only HTTP proxies are supported (http:// or https://)';
  const mistake = httpUrlMistake(url);
  if (mistake !== undefined) return mistake;
  const { pathname, search, hash, username, password } = new URL(url);
  if (pathname !== '/' || search !== '' || hash !== '') return 'must end behind the host and port of the proxy';
  return isEncoded(username) && isEncoded(password)
    ? undefined
    : 'has a user or password with a bare % (write %25 for it)';
}

/** A proxy for all addresses. `url` passed `proxyUrlMistake`. */
export const oneProxy = (url: string, noProxy?: string): ProxySettings => ({
  http: withScheme(url),
  https: withScheme(url),
  ...(noProxy !== undefined && { noProxy }),
});

export interface ProxyOfEnvironment {
  /** Undefined where the environment names no proxy. */
  readonly settings: ProxySettings | undefined;
  /** Variables that are left out, with the reason. */
  readonly mistakes: readonly string[];
}

/** HTTPS_PROXY, HTTP_PROXY and NO_PROXY; lower case wins, as everywhere. An empty variable counts as absent. */
export function proxyOfEnvironment(env: Readonly<Record<string, string | undefined>>): ProxyOfEnvironment {
  const mistakes: string[] = [];
  const find = (name: string): string | undefined => {
    for (const variable of [name, name.toUpperCase()]) {
      const value = env[variable]?.trim();
      if (value === undefined || value === '') continue;
      const mistake = proxyUrlMistake(value);
      if (mistake === undefined) return withScheme(value);
      mistakes.push(`${variable} ${mistake}`);
    }
    return undefined;
  };
  const https = find('https_proxy');
  const http = find('http_proxy');
  const noProxy = noProxyOf(env);
  const settings = {
    ...(http !== undefined && { http }),
    ...(https !== undefined && { https }),
    ...(noProxy !== undefined && { noProxy }),
  };
  return { settings: http === undefined && https === undefined ? undefined : settings, mistakes };
}

export const noProxyOf = (env: Readonly<Record<string, string | undefined>>): string | undefined =>
  env['no_proxy'] || env['NO_PROXY'] || undefined;

/** The proxy for `url` as people may see it: scheme, host and port, never user and password. */
export function describeProxy({ http, https = http }: ProxySettings, url: URL): string {
  const proxy = url.protocol === 'https:' ? https : http;
  return proxy === undefined ? 'none' : new URL(proxy).origin;
}

/** Whether `url` is this machine, which no proxy can reach. */
export function isLoopback({ hostname }: URL): boolean {
  const host = hostname.replace(/\.$/, '');
  return /^(.*\.)?localhost$|^127(\.\d+){3}$|^\[::1\]$|^\[::ffff:7f[0-9a-f]{2}:/.test(host);
}

const withScheme = (text: string): string => (/^[a-z][a-z0-9+.-]*:\/\//i.test(text) ? text : `http://${text}`);

function isEncoded(text: string): boolean {
  try {
    decodeURIComponent(text);
    return true;
  } catch {
    return false;
  }
}
