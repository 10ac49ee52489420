/** The fleet's pace, for people. */
import type { operatorApi } from '@fairlead/shared/api/operator-api';
import { checkSettings } from '@fairlead/shared/fleet/settings';
import type { Handlers } from '../http/handlers.ts';
import { problem } from '../http/problem.ts';
import type { FleetSettings } from './fleet-settings.ts';

type SettingsRoutes = Pick<typeof operatorApi, 'showSettings' | 'changeSettings'>;

export const settingsHandlers = (settings: FleetSettings): Handlers<SettingsRoutes> => ({
  showSettings: async () => settings.now(),

  async changeSettings({ body, caller }) {
    const mistakes = [...checkSettings(body)];
    if (mistakes.length > 0) {
      const detail = mistakes.map(({ at, message }) => `${at.slice(1)} ${message}.`).join(' ');
      throw problem('bad_request', detail, { mistakes });
    }
    await settings.change(body, caller.actor);
    return body;
  },
});
