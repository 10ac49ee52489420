/** The fleet's pace, for people. */
import type { operatorApi } from '@fairlead/shared/api/operator-api';
import type { Handlers } from '../http/handlers.ts';
import { problem } from '../http/problem.ts';
import type { FleetSettings } from './fleet-settings.ts';

type SettingsRoutes = Pick<typeof operatorApi, 'showSettings' | 'changeSettings'>;

export const settingsHandlers = (settings: FleetSettings): Handlers<SettingsRoutes> => ({
  showSettings: async () => settings.now(),

  async changeSettings({ body, caller }) {
    if (body.offlineAfterSec < body.lateAfterSec) {
      const message = 'must not be less than lateAfterSec';
      throw problem('bad_request', `offlineAfterSec ${message}: silent robots are late before they are offline.`, {
        mistakes: [{ at: '/offlineAfterSec', message }],
      });
    }
    await settings.change(body, caller.name);
    return body;
  },
});
