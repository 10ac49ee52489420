/** The way to the control plane, as the options and the environment of a command arrange it. */
import { Failure } from '@fairlead/shared/failure';
import type { OutboundOptions } from '@fairlead/toolkit/http/outbound';
import { noProxyOf, oneProxy, proxyOfEnvironment, proxyUrlMistake } from '@fairlead/toolkit/http/proxy-settings';
import { type TlsFiles, tlsFilesMistake } from '@fairlead/toolkit/http/tls-files';
import type { GlobalOptions } from './context.ts';

/** `env`: `process.env`. Throws a Failure that lists every mistake in the variables and options. */
export function outboundOptions(options: GlobalOptions, env: NodeJS.ProcessEnv): OutboundOptions {
  const caFile = options.caFile ?? (env['FAIRLEAD_CA_FILE'] || undefined);
  const clientCertFile = options.clientCertFile ?? (env['FAIRLEAD_CLIENT_CERT_FILE'] || undefined);
  const clientKeyFile = options.clientKeyFile ?? (env['FAIRLEAD_CLIENT_KEY_FILE'] || undefined);
  const tls: TlsFiles = {
    ...(caFile !== undefined && { caFile }),
    ...(clientCertFile !== undefined && { clientCertFile }),
    ...(clientKeyFile !== undefined && { clientKeyFile }),
  };
  const { settings, mistakes } = proxyOf(options.proxy, env);
  const ofTls = tlsFilesMistake(tls);
  const all = [...mistakes, ...(ofTls === undefined ? [] : [ofTls])];
  if (all.length > 0) throw unusable(all);
  return { proxy: settings, ...(Object.keys(tls).length > 0 && { tls }) };
}

function proxyOf(option: string | undefined, env: NodeJS.ProcessEnv): ReturnType<typeof proxyOfEnvironment> {
  if (option === undefined) return proxyOfEnvironment(env);
  // Not checked by commander, which would repeat it with its password.
  const mistake = option === 'none' ? undefined : proxyUrlMistake(option);
  if (mistake !== undefined) return { settings: undefined, mistakes: [`--proxy ${mistake}`] };
  return { settings: option === 'none' ? undefined : oneProxy(option, noProxyOf(env)), mistakes: [] };
}

const unusable = (mistakes: readonly string[]): Failure =>
  new Failure({
    phase: 'check-in',
    element: 'network options',
    category: 'bad_network_option',
    detail: `The control plane cannot be asked: ${mistakes.join('; ')}.`,
    retryable: false,
    hint: 'Correct the variables or options (fairlead --help), or give --proxy none.',
  });
