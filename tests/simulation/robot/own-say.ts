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

export const ownSay = ({ window }: Traits, lease: () => Lease | undefined, now: () => Instant): SwitchPermission => ({
  ask: async () => {
    const held = lease();
    if (held && held.until > now()) {
      const reason = refusal('wait', 'lease', `${held.owner} holds a lease until ${toTimestamp(held.until)}.`);
      return { granted: false, reason, askAgainInMs: held.until - now() };
    }
    const answer = window && askWindow(window, now());
    if (!answer || answer.open) return { granted: true };
    const reason = refusal('wait', 'outside_window', `Its own window opens at ${toTimestamp(answer.opensAt)}.`);
    return { granted: false, reason, askAgainInMs: answer.opensAt - now() };
  },
});

/** What a mutant has to say: nothing. */
export const NOTHING_TO_SAY: SwitchPermission = { ask: async () => ({ granted: true }) };
