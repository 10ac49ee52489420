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
      for (const state of PRESENCES) this.set({ presence: state }, 0);
      for (const { lastSeen } of presence.all()) {
        this.inc({ presence: classifyPresence(lastSeen, clock.now(), settings.now()) });
      }
    },
  });
}
