/** An agent that nobody's launcher started (a developer's, a container's): it can't replace itself. */
import { accept } from '@fairlead/shared/failure';
import type { OwnRelease } from './own-release.ts';

export const notLaunched: OwnRelease = {
  running: undefined,
  passedOver: [],
  gaveUp: () => undefined,
  isOnTrial: async () => false,
  is: () => false,
  tryOut: async () => accept(undefined),
  beginTrial: async () => {},
  endTrial: async () => {},
  forgetThisStart: async () => {},
  restart: () => {},
  restartIfStale: async () => {},
};
