/** Saved groups: names for whichever robots a selector chooses. */
import type { rulesApi } from '@fairlead/shared/api/rules-api';
import { inGroup } from '@fairlead/shared/fleet/saved-group';
import { eachRobot } from '../fleet/each-robot.ts';
import { labelled } from '../fleet/labelled.ts';
import { readSelector } from '../fleet/list-robots.ts';
import type { PresenceRegistry } from '../fleet/presence-registry.ts';
import type { Handlers } from '../http/handlers.ts';
import { problem } from '../http/problem.ts';
import { changeRules, existsAlready, type RuleDeps } from './rule-deps.ts';

type GroupRoutes = Pick<typeof rulesApi, 'listGroups' | 'createGroup' | 'deleteGroup'>;
export interface GroupDeps extends RuleDeps {
  readonly presence: PresenceRegistry;
}

export function groupHandlers(deps: GroupDeps): Handlers<GroupRoutes> {
  const { store, presence } = deps;
  return {
    async listGroups() {
      const { groups } = await store.rules.all();
      const members = new Map<string, number>(groups.map(({ name }) => [name, 0]));
      const add = (name: string) => members.set(name, (members.get(name) ?? 0) + 1);
      for await (const robot of eachRobot(store.robots)) {
        if (robot.lifecycle !== 'accepted') continue;
        const seen = labelled(robot, presence.of(robot.robot)?.facts);
        for (const { name } of groups) if (inGroup(name, seen, groups)) add(name);
        // A robot's own group of a saved one's name is the saved one.
        if (robot.group !== undefined && !groups.some(({ name }) => name === robot.group)) add(robot.group);
      }
      const items = [...members].map(([name, robots]) => {
        const saved = groups.find((group) => group.name === name);
        return saved ? { ...saved, kind: 'saved' as const, robots } : { name, kind: 'own' as const, robots };
      });
      return { items: items.sort((a, b) => (a.name < b.name ? -1 : 1)) };
    },

    async createGroup({ body, caller }) {
      const { replace = false, ...group } = body;
      readSelector(group.selector);
      const fact = {
        by: caller.actor,
        action: 'group.save',
        element: group.name,
        detail: `The group ${group.name} is whoever ${group.selector} chooses.`,
      };
      await changeRules(deps, fact, async (slices, { groups }) => {
        if (!replace && groups.some(({ name }) => name === group.name)) {
          throw existsAlready(`group ${group.name}`, 'fairlead group list');
        }
        const own = (await slices.robots.all()).find((robot) => robot.group === group.name);
        if (own) throw carriedByRobots(group.name, own.robot);
        await slices.rules.save('group', group.name, group);
      });
      return group;
    },

    async deleteGroup({ params, caller }) {
      const { name } = params;
      const fact = {
        by: caller.actor,
        action: 'group.delete',
        element: name,
        detail: `The group ${name} is forgotten.`,
      };
      await changeRules(deps, fact, async ({ rules }, { windows }) => {
        const used = windows.find(({ scope }) => 'group' in scope && scope.group === name);
        if (used) throw stillUsed(name, used.name);
        if (await rules.remove('group', name)) return;
        throw problem('not_found', `There is no saved group ${name}.`, { hint: 'See fairlead group list.' });
      });
      return {};
    },
  };
}

const carriedByRobots = (name: string, robot: string) =>
  problem('conflict', `Robots carry the group ${name} themselves, ${robot} for one: the name would mean two things.`, {
    hint: `Choose another name, or move them first: fairlead robot label ${robot} --group OTHER`,
  });

/** Without the group the window would be nobody's, and its robots could switch at any time. */
const stillUsed = (name: string, window: string) =>
  problem('conflict', `The maintenance window ${window} is for the group ${name}.`, {
    hint: `Take the window away first: fairlead window delete ${window}`,
  });
