/** Check-in pace and presence thresholds: read once, kept in memory, durable when changed. */
import { Settings } from '@fairlead/shared/fleet/settings';
import { parse } from '@fairlead/shared/parse';
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
  /** Durable when it resolves. */
  change(settings: Settings): Promise<void>;
}

export async function openFleetSettings(store: Store): Promise<FleetSettings> {
  // What an older version saved lacks the newer keys: they take their defaults.
  const saved = parse(Settings, { ...DEFAULTS, ...asObject(await store.settings.find(KEY)) });
  let current = saved.ok ? saved.value : DEFAULTS;
  return {
    now: () => current,
    async change(settings) {
      await store.settings.save(KEY, settings);
      current = settings;
    },
  };
}

const asObject = (value: unknown): object => (typeof value === 'object' && value !== null ? value : {});
