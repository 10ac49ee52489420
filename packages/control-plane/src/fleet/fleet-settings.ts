/** Check-in pace and presence thresholds: read once, kept in memory, durable when changed, read again when told. */
import { Settings, withShorterLongPoll } from '@fairlead/shared/fleet/settings';
import { parse } from '@fairlead/shared/parse';
import type { Clock } from '@fairlead/shared/time';
import { type LookAgainOptions, lookAgain } from '../signals/look-again.ts';
import type { Signals } from '../signals/signals.ts';
import type { Store } from '../store/store.ts';

const KEY = 'fleet';
const DEFAULTS: Settings = {
  checkInIntervalSec: 30,
  checkInJitterSec: 5,
  longPollSec: 25,
  lateAfterSec: 90,
  offlineAfterSec: 300,
};

export interface FleetSettings {
  now(): Settings;
  /** Durable when it resolves; other replicas follow within moments. */
  change(settings: Settings, by: string): Promise<void>;
}

export async function openFleetSettings(
  store: Store,
  clock: Clock,
  signals: Signals,
  looking: LookAgainOptions,
): Promise<FleetSettings> {
  let current = DEFAULTS;
  const read = async () => {
    // What an older version saved lacks the newer keys: they take their defaults.
    const saved = parse(Settings, { ...DEFAULTS, ...asObject(await store.settings.find(KEY)) });
    current = saved.ok ? saved.value : DEFAULTS;
  };
  signals.onChange('settings', lookAgain(read, looking));
  await read();
  const settings: FleetSettings = {
    // Another replica may still save what this version refuses.
    now: () => withShorterLongPoll(current),
    async change(settings, by) {
      const detail = Object.entries(settings)
        .filter(([key, value]) => current[key as keyof Settings] !== value)
        .map(([key, value]) => `${key} is ${value}`)
        .join(', ');
      const fact = {
        at: clock.now(),
        by,
        action: 'settings.change',
        element: KEY,
        detail: `${detail || 'Nothing changed'}.`,
      };
      await store.transaction(async (slices) => {
        await slices.settings.save(KEY, settings);
        await slices.audit.append(fact);
      });
      current = settings;
      signals.changed('settings');
    },
  };
  // An older version accepted a long-poll beyond the lateness of its robots: correct it once, where people see it.
  if (settings.now().longPollSec !== current.longPollSec) await settings.change(settings.now(), 'control-plane');
  return settings;
}

const asObject = (value: unknown): object => (typeof value === 'object' && value !== null ? value : {});
