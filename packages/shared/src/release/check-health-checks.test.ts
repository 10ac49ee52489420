import { expect, test } from 'vitest';
import { checkCredentials, checkHealthChecks } from './check-health-checks.ts';
import type { HealthCheck } from './release-yaml.ts';

const mistakes = (...checks: HealthCheck[]) =>
  [...checkHealthChecks(checks), ...checkCredentials(checks)].map(({ at, message }) => `${at}: ${message}`);

test('health checks that can pass are accepted', () => {
  expect(
    mistakes(
      { http: { url: 'http://127.0.0.1:9208/health' } },
      { tcp: { port: 80 } },
      { tcp: { host: '::1', port: 80 } },
      { tcp: { host: 'robot.local', port: 80 } },
      { systemd: { unit: 'duck' } },
    ),
  ).toEqual([]);
});

test('a health check that can never pass is refused before any robot gets it', () => {
  expect(
    mistakes(
      { http: { url: 'http://127.0.0.1:99999/health' } },
      { http: { url: 'http://HOST:PORT/health' } },
      { tcp: { host: 'http://robot', port: 80 } },
      { tcp: { host: 'a b', port: 80 } },
      { http: { url: 'http://me:secret@robot/' } },
    ),
  ).toEqual([
    '/healthChecks/0/http/url: is no URL (the port must be at most 65535)',
    '/healthChecks/1/http/url: is no URL (the port must be a number)',
    '/healthChecks/2/tcp/host: must be a host name or an address, not a URL',
    '/healthChecks/3/tcp/host: is no host (the host is no host name and no address)',
    '/healthChecks/4/http/url: must not contain a user or a password: health checks never send them',
  ]);
});
