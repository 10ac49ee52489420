/** Something listens on a port. */
import { connect } from 'node:net';
import type { HealthCheck } from '@fairlead/shared/release/release-yaml';
import { reasonOf } from './http-probe.ts';
import type { ProbeVerdict } from './prober.ts';

type Check = Extract<HealthCheck, { tcp: unknown }>['tcp'];

export function probeTcp(check: Check, signal: AbortSignal): Promise<ProbeVerdict> {
  const host = check.host ?? '127.0.0.1';
  return new Promise((resolve) => {
    const socket = connect({ host, port: check.port, signal });
    socket.once('connect', () => {
      socket.destroy();
      resolve({ verdict: 'healthy', detail: `${host}:${check.port} accepts connections` });
    });
    socket.on('error', (error) => {
      const what = signal.aborted ? 'did not answer in time' : reasonOf(error);
      resolve({ verdict: 'unhealthy', detail: `${host}:${check.port}: ${what}` });
    });
  });
}
