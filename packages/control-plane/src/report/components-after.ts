/** A robot that ended an update runs something else now; its next check-in would say so up to half a minute later. */
import type { ComponentState } from '@fairlead/shared/fleet/robot-facts';
import type { ReportEvent } from '@fairlead/shared/trust/report';

/** As many as a check-in may name. */
const MOST_COMPONENTS = 100;

/** What the robot runs after this event; undefined where the event does not tell. */
export function componentsAfter(
  components: readonly ComponentState[],
  event: ReportEvent,
): ComponentState[] | undefined {
  if (event.event !== 'update-ended' && event.event !== 'local-rollback') return undefined;
  const { component, active, previous } = event;
  if (!active) return undefined;
  const others = components.filter((state) => state.component !== component);
  return [...others, { component, active, ...(previous && { previous }) }].slice(-MOST_COMPONENTS);
}
