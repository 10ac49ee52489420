/** Maintenance windows: when robots may switch, checked for what a schema can't say (zones, selectors). */

import type { ReplyOf } from '@fairlead/shared/api/route';
import type { rulesApi } from '@fairlead/shared/api/rules-api';
import { type MaintenanceWindow, sayScope, windowsFor } from '@fairlead/shared/fleet/maintenance-window';
import { type Instant, toTimestamp } from '@fairlead/shared/time';
import { closestZone, isTimeZone } from '@fairlead/shared/update/time-zone';
import { askWindow } from '@fairlead/shared/update/window';
import { labelled } from '../fleet/labelled.ts';
import { needRobot, readSelector } from '../fleet/list-robots.ts';
import type { PresenceRegistry } from '../fleet/presence-registry.ts';
import type { Handlers } from '../http/handlers.ts';
import { problem } from '../http/problem.ts';
import { changeRules, existsAlready, type RuleDeps } from './rule-deps.ts';

type WindowRoutes = Pick<typeof rulesApi, 'listWindows' | 'createWindow' | 'deleteWindow'>;
export interface WindowDeps extends RuleDeps {
  readonly presence: PresenceRegistry;
}

export function windowHandlers(deps: WindowDeps): Handlers<WindowRoutes> {
  const { store, clock, presence } = deps;
  return {
    async listWindows({ query }) {
      const { windows, groups } = await store.rules.all();
      const now = clock.now();
      if (query.robot === undefined) return { items: windows.map((window) => view(window, now)) };
      const robot = labelled(await needRobot(store, query.robot), presence.of(query.robot)?.facts);
      return { items: windowsFor(windows, robot, groups).map((window) => view(window, now)) };
    },

    async createWindow({ body, caller }) {
      const { replace = false, ...window } = body;
      check(window);
      if ('robot' in window.scope) await needRobot(store, window.scope.robot);
      const fact = { by: caller.actor, action: 'window.save', element: window.name, detail: sayWindow(window) };
      await changeRules(deps, fact, async ({ rules }, { windows }) => {
        if (!replace && windows.some(({ name }) => name === window.name)) {
          throw existsAlready(`window ${window.name}`, 'fairlead window list');
        }
        await rules.save('window', window.name, window);
      });
      return view(window, clock.now());
    },

    async deleteWindow({ params, caller }) {
      const { name } = params;
      const fact = { by: caller.actor, action: 'window.delete', element: name, detail: `The window ${name} is gone.` };
      await changeRules(deps, fact, async ({ rules }) => {
        if (await rules.remove('window', name)) return;
        throw problem('not_found', `There is no window ${name}.`, { hint: 'See fairlead window list.' });
      });
      return {};
    },
  };
}

function check({ zone, scope }: MaintenanceWindow): void {
  if ('selector' in scope) readSelector(scope.selector);
  if (isTimeZone(zone)) return;
  const meant = closestZone(zone);
  throw problem('bad_request', `${zone} is no IANA time zone.`, {
    hint: meant ? `Did you mean ${meant}?` : 'Zones are named as Europe/Berlin, America/New_York or UTC.',
    mistakes: [{ at: '/zone', message: 'is no IANA time zone' }],
  });
}

/** As it stands by itself, whatever other windows add. */
function view(window: MaintenanceWindow, now: Instant): ReplyOf<typeof rulesApi.createWindow> {
  const answer = askWindow(window, now);
  return { ...window, open: answer.open, changesAt: toTimestamp(answer.open ? answer.closesAt : answer.opensAt) };
}

const sayWindow = ({ name, scope, days, from, to, zone }: MaintenanceWindow): string =>
  `The window ${name} lets ${sayScope(scope)} switch from ${from} to ${to}${days ? ` on ${days.join(', ')}` : ''} (${zone}).`;
