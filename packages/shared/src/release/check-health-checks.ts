/**
 * Health checks that could never pass. They are refused when a release is built and published, and not when a robot
 * verifies it: a release that runs already stays what it is.
 */
import { authorityMistake, hasCredentials, httpUrlMistake } from '../http-url.ts';
import type { Mistake } from '../parse.ts';
import type { HealthCheck } from './release-yaml.ts';

/** Mistakes by JSON pointer, the same in release.yaml and in the manifest. */
export const checkHealthChecks = (healthChecks: readonly HealthCheck[]): Mistake[] =>
  healthChecks.flatMap((check, index) => {
    const [at, message] =
      'http' in check
        ? [`/healthChecks/${index}/http/url`, httpUrlMistake(check.http.url)]
        : [`/healthChecks/${index}/tcp/host`, 'tcp' in check ? hostMistake(check.tcp.host) : undefined];
    return message === undefined ? [] : [{ at, message }];
  });

/** URLs with a user or a password: no probe sends them. Only for builds, so that what is published can be promoted. */
export const checkCredentials = (healthChecks: readonly HealthCheck[]): Mistake[] =>
  healthChecks.flatMap((check, index) => {
    if (!('http' in check) || httpUrlMistake(check.http.url) !== undefined || !hasCredentials(check.http.url))
      return [];
    const message = 'must not contain a user or a password: health checks never send them';
    return [{ at: `/healthChecks/${index}/http/url`, message }];
  });

function hostMistake(host: string | undefined): string | undefined {
  if (host === undefined) return undefined;
  if (host.includes('://')) return 'must be a host name or an address, not a URL';
  const mistake = authorityMistake(host.includes(':') && !host.startsWith('[') ? `[${host}]` : host);
  return mistake === undefined ? undefined : `is no host (${mistake})`;
}
