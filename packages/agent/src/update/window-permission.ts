/** Permission by the update window of agent.yaml; without one a robot may always switch. */
import { type Clock, toTimestamp } from '@fairlead/shared/time';
import type { UpdateWindow } from '@fairlead/shared/update/update-window';
import type { SwitchPermission } from './switch-permission.ts';

export function windowPermission(window: UpdateWindow | undefined, clock: Clock): SwitchPermission {
  return {
    ask: async (component) => {
      if (!window) return { granted: true };
      // Calendars are large, and most of the time nobody asks.
      const { askWindow } = await import('@fairlead/shared/update/window');
      const now = clock.now();
      const answer = askWindow(window, now);
      if (answer.open) return { granted: true };
      const days = window.days ? ` on ${window.days.join(', ')}` : '';
      return {
        granted: false,
        askAgainInMs: answer.opensAt - now,
        reason: {
          phase: 'wait',
          component,
          element: 'updateWindow',
          category: 'outside_window',
          detail: `This robot switches from ${window.from} to ${window.to}${days} (${window.zone}); next at ${toTimestamp(answer.opensAt)}.`,
          retryable: true,
          hint: 'Nothing to do: it switches by itself when the window opens.',
        },
      };
    },
  };
}
