/** How many robots are heard, and how many check-ins they make. */
import { classifyPresence } from '@fairlead/shared/fleet/presence';
import { PRESENCES } from '@fairlead/shared/fleet/states';
import type { Clock } from '@fairlead/shared/time';
import { Gauge, type Registry } from 'prom-client';
import type { FleetSettings } from '../fleet/fleet-settings.ts';
import type { PresenceRegistry } from '../fleet/presence-registry.ts';

export interface FleetMetricsDeps {
  readonly presence: PresenceRegistry;
  readonly settings: FleetSettings;
  readonly clock: Clock;
}

export function measureFleet(metrics: Registry, { presence, settings, clock }: FleetMetricsDeps): void {
  new Gauge({
    name: 'fairlead_robots',
    help: 'Enrolled robots by presence.',
    labelNames: ['presence'],
    registers: [metrics],
    collect() {
      const [now, thresholds] = [clock.now(), settings.now()];
      const robots = new Map(PRESENCES.map((state) => [state, 0]));
      for (const { lastSeen } of presence.all()) {
        const state = classifyPresence(lastSeen, now, thresholds);
        robots.set(state, (robots.get(state) ?? 0) + 1);
      }
      for (const [state, count] of robots) this.set({ presence: state }, count);
    },
  });
}
