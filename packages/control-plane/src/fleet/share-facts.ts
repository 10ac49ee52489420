/**
 * What thousands of robots say in the same words is kept once: those that run one release name the same components, those
 * of one model have the same board, kernel and disk. A hundred thousand robots are then a matter of megabytes.
 */
import type { Inventory } from '@fairlead/shared/fleet/robot-facts';
import type { RobotFacts } from '../store/presence.ts';

/** The same facts, made of parts that others share. Never change them: they are theirs, too. */
export type ShareFacts = (facts: RobotFacts) => RobotFacts;

export function shareFacts(most = 20_000): ShareFacts {
  const known = new Map<string, unknown>();
  const keep = <T>(name: string, value: T): T => {
    const before = known.get(name) as T | undefined;
    if (before !== undefined) return before;
    // Old words go out of use: forgetting all of them now and then only means that some are kept twice.
    if (known.size >= most) known.clear();
    known.set(name, value);
    return value;
  };
  const shareText = (text: string): string => keep(`text ${text}`, text);
  const share = <T>(name: string, part: T): T => keep(`${name} ${JSON.stringify(part)}`, part);

  return (facts) => {
    const { agentVersion, components, activity, trust, inventory } = facts;
    return {
      ...facts,
      ...(agentVersion !== undefined && { agentVersion: shareText(agentVersion) }),
      ...(components && { components: share('components', components) }),
      // A download in progress is nobody else's.
      ...(activity && activity.progress === undefined && { activity: share('activity', activity) }),
      ...(trust && { trust: share('trust', trust) }),
      ...(inventory && { inventory: shareTexts(inventory, shareText) }),
    };
  };
}

/** Each robot has a host name of its own; everything else stands in the inventory of a whole model. */
function shareTexts(inventory: Inventory, shareText: (text: string) => string): Inventory {
  const shared: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(inventory)) {
    shared[key] = typeof value === 'string' && key !== 'hostname' ? shareText(value) : value;
  }
  return shared as Inventory;
}
