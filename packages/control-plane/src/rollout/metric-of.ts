/** What robots say of their metrics: the port behind a gate's conditions. Old words don't count. */
import type { RobotId } from '@fairlead/shared/ids';
import { type Clock, MINUTE } from '@fairlead/shared/time';
import type { PresenceRegistry } from '../fleet/presence-registry.ts';

const FRESH_MS = 10 * MINUTE;

export const metricOf =
  (presence: Pick<PresenceRegistry, 'of'>, clock: Clock) =>
  (robot: RobotId, metric: string): number | undefined => {
    const heard = presence.of(robot);
    if (heard?.lastSeen === undefined || clock.now() - heard.lastSeen > FRESH_MS) return undefined;
    const metrics = heard.facts.metrics ?? {};
    return Object.hasOwn(metrics, metric) ? metrics[metric] : undefined;
  };
