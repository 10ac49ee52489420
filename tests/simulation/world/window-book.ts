/** Which maintenance windows are certainly in force: from the answer to a change until the next change is sent. */
import type { MaintenanceWindow } from '@fairlead/shared/fleet/maintenance-window';
import type { Instant } from '@fairlead/shared/time';

export interface WindowBook {
  readonly windows: ReadonlyMap<string, MaintenanceWindow>;
  /** A change is about to be sent; call the result with what holds once it was answered. */
  change(): (apply: (windows: Map<string, MaintenanceWindow>) => void) => void;
  /** All windows in force from `from` to `to`; undefined where a change was under way. */
  inForce(from: Instant, to: Instant): readonly MaintenanceWindow[] | undefined;
}

interface Epoch {
  readonly from: Instant;
  until: Instant;
  readonly windows: readonly MaintenanceWindow[];
}

export function createWindowBook(now: () => Instant): WindowBook {
  const windows = new Map<string, MaintenanceWindow>();
  const epochs: Epoch[] = [{ from: 0, until: Infinity, windows: [] }];
  let underWay = 0;
  return {
    windows,
    change() {
      underWay += 1;
      const last = epochs.at(-1);
      if (last && last.until > now()) last.until = now();
      return (apply) => {
        underWay -= 1;
        apply(windows);
        if (underWay === 0) epochs.push({ from: now(), until: Infinity, windows: [...windows.values()] });
      };
    },
    inForce: (from, to) => epochs.find((epoch) => epoch.from < from && to < epoch.until)?.windows,
  };
}
