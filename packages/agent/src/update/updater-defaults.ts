/** What an updater does where it is not told otherwise. */
import { setTimeout as timer } from 'node:timers/promises';
import { timerMs } from '@fairlead/shared/time';
import { alwaysSafe } from '../conditions/safe-state.ts';
import { DEFAULT_PACE } from '../download/pace.ts';
import { noHistory } from '../update-history/update-history.ts';
import type { StepDeps } from './step-deps.ts';

export type Defaulted = Pick<
  StepDeps,
  'pace' | 'elapsed' | 'sleep' | 'random' | 'safeState' | 'mayDownload' | 'history' | 'signedManifest'
>;

export const DEFAULTS: Defaulted = {
  history: noHistory,
  safeState: alwaysSafe,
  mayDownload: async () => undefined,
  signedManifest: async () => undefined,
  pace: DEFAULT_PACE,
  elapsed: () => performance.now(),
  sleep: (ms, signal) => timer(timerMs(ms), undefined, { ...(signal && { signal }) }).catch(() => {}),
  random: Math.random,
};
