/** What the robot itself has to say about a switch: its application's lease, the window of its agent.yaml. */
import type { SwitchPermission } from '@fairlead/agent/update/switch-permission';
import { type Instant, toTimestamp } from '@fairlead/shared/time';
import { askWindow } from '@fairlead/shared/update/window';
import { refusal } from './steps.ts';
import type { Traits } from './traits.ts';

export interface Lease {
  readonly owner: string;
  readonly from: Instant;
  readonly until: Instant;
}

/**
 * `now` is the clock of the agent, which a window is about. As in the agent, a lease is about the time since the robot
 * was booted, which no jump of the clock changes: `elapsed`, on the time line of the lease.
 */
export const ownSay = (
  { window }: Traits,
  lease: () => Lease | undefined,
  { now, elapsed }: { readonly now: () => Instant; readonly elapsed: () => Instant },
): SwitchPermission => ({
  ask: async () => {
    const held = lease();
    if (held && held.until > elapsed()) {
      const reason = refusal('wait', 'lease', `${held.owner} holds a lease until ${toTimestamp(held.until)}.`);
      return { granted: false, reason, askAgainInMs: held.until - elapsed() };
    }
    const answer = window && askWindow(window, now());
    if (!answer || answer.open) return { granted: true };
    const reason = refusal('wait', 'outside_window', `Its own window opens at ${toTimestamp(answer.opensAt)}.`);
    return { granted: false, reason, askAgainInMs: answer.opensAt - now() };
  },
});

/** What a mutant has to say: nothing. */
export const NOTHING_TO_SAY: SwitchPermission = { ask: async () => ({ granted: true }) };
