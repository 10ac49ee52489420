/** Tells load balancers and Prometheus how long robots will still believe what is published (TRUST 4.4). */
import { type Clock, SECOND } from '@fairlead/shared/time';
import { Gauge, type Registry } from 'prom-client';
import type { Verdict } from '../health/health-checks.ts';
import type { Store } from '../store/store.ts';
import { readDirectorKeys, readExpiries, sayStale } from './freshness.ts';
import type { OnlineKeys } from './online-keys.ts';
import { strangerKeys } from './sign-online.ts';

/** Red where a signed document is near its end, or where our keys are not those that the root names. */
export async function trustVerdict({ metadata }: Store, keys: OnlineKeys, clock: Clock): Promise<Verdict> {
  if (!(await metadata.newest('root'))) return { ok: true, detail: 'no trusted root yet: fairlead trust init' };
  const strangers = [...(await strangerKeys(metadata, keys))];
  const director = await readDirectorKeys(metadata);
  if (!director?.keys.some(({ keyid }) => keyid === keys.director.keyid)) strangers.push('director');
  if (strangers.length > 0) {
    return { ok: false, detail: `another ${strangers.join(' and ')} key is trusted than the one in the key folder` };
  }
  const stale = sayStale(await readExpiries(metadata), clock.now());
  return stale.length === 0
    ? { ok: true, detail: 'all signed metadata is fresh' }
    : { ok: false, detail: stale.join(', ') };
}

/** `fairlead_metadata_expires_seconds{role}`: the time each signed document ends, in Unix seconds. */
export function measureTrust(metrics: Registry, { metadata }: Store): void {
  const gauge: Gauge = new Gauge({
    name: 'fairlead_metadata_expires_seconds',
    help: 'When the newest signed metadata of a role expires, Unix time.',
    labelNames: ['role'],
    registers: [metrics],
    collect: async () => {
      for (const { role, expiresAt } of await readExpiries(metadata)) gauge.set({ role }, expiresAt / SECOND);
    },
  });
}
