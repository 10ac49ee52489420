/** What runs where, from what robots measured themselves. Pure. */
import type { ComponentState } from '@fairlead/shared/fleet/robot-facts';
import type { ReleaseRef } from '@fairlead/shared/ids';

/** By component, most robots first. */
export function countRunning(
  fleet: readonly (readonly ComponentState[])[],
): (ReleaseRef & { readonly robots: number })[] {
  const counts = new Map<string, ReleaseRef & { readonly robots: number }>();
  for (const { component, active } of fleet.flat()) {
    if (!active) continue;
    const key = `${component}@${active.version}`;
    counts.set(key, { component, version: active.version, robots: (counts.get(key)?.robots ?? 0) + 1 });
  }
  return [...counts.values()].sort((a, b) => a.component.localeCompare(b.component) || b.robots - a.robots);
}
