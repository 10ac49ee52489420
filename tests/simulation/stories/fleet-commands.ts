/** Commands to the fleet itself: quarantine, newcomers, decommissioned robots and maintenance windows. */
import type { WindowScope } from '@fairlead/shared/fleet/maintenance-window';
import type { RobotId } from '@fairlead/shared/ids';
import { SITES } from '../robot/traits.ts';
import type { Chance } from '../world/chance.ts';
import type { Person } from '../world/people.ts';
import { answered, type Command, type OperatorContext } from './operator-context.ts';

export const readmit: Command = async (_context, person, chance) => {
  const status = await person.must((api) => api.fleetStatus());
  const quarantined = status.attention.filter(({ sentence }) => sentence.includes('is quarantined'));
  const chosen = quarantined[chance.whole(Math.max(1, quarantined.length))];
  if (!chosen) return undefined;
  const answer = await person.try((api) => api.readmitRobot({ params: { robot: chosen.robot } }));
  return `readmits ${chosen.robot}: ${answered(answer, ({ lifecycle }) => lifecycle)}`;
};

export const addRobot: Command = async (context) => {
  const robot = await context.stage.join();
  return `${robot.traits.name} joins`;
};

/** A fleet of fewer robots tests too little. */
const KEEPS = 0.8;
export const decommission: Command = async ({ stage }, person, chance) => {
  const names = [...stage.fleet.keys()].filter((name) => !stage.decommissioned.has(name));
  const robot = names[chance.whole(Math.max(1, names.length))];
  if (robot === undefined || names.length < stage.fleet.size * KEEPS) return undefined;
  // From here on it is of no interest whether it is at its order.
  stage.decommissioned.add(robot);
  const answer = await person.try((api) => api.decommissionRobot({ params: { robot } }));
  if (answer.ok) stage.fleet.get(robot)?.retire();
  else stage.decommissioned.delete(robot);
  return `decommissions ${robot}: ${answered(answer, ({ lifecycle }) => lifecycle)}`;
};

const hour = (value: number): string => `${String(((Math.floor(value) % 24) + 24) % 24).padStart(2, '0')}:00`;

function drawScope({ stage }: OperatorContext, chance: Chance): WindowScope {
  const names = [...stage.fleet.keys()];
  const robot: RobotId | undefined = names[chance.whole(names.length)];
  switch (chance.whole(4)) {
    case 0:
      return { fleet: true };
    case 1:
      return { group: chance.oneOf(['dock', 'warehouse']) };
    case 2:
      return robot === undefined ? { fleet: true } : { robot };
    default:
      return { selector: `site=${chance.oneOf(SITES)}` };
  }
}

/** Adds a window, or takes one away: admins only. */
export const changeWindows: Command = async (context, _person, chance) => {
  const { admin, windows, world } = context.stage;
  const [name] = windows.windows.keys();
  if (name !== undefined && chance.happens(0.6)) return removeWindow(context, admin, name);
  const now = new Date(world.agenda.now()).getUTCHours();
  const from = now + chance.between(-1, 3);
  const window = {
    name: `window-${chance.whole(1e9)}`,
    scope: drawScope(context, chance),
    from: hour(from),
    to: hour(from + chance.between(1, 4)),
    zone: 'UTC',
  };
  if (window.from === window.to) return undefined;
  const changed = windows.change();
  const answer = await admin.try((api) => api.createWindow({ body: window }));
  // Without an answer it may be in force or not; a refused one is not.
  changed((all) => void (answer.ok && all.set(window.name, window)));
  return `adds a maintenance window ${window.from} to ${window.to} for ${JSON.stringify(window.scope)}: ${answered(answer, ({ open }) => (open ? 'open now' : 'shut now'))}`;
};

async function removeWindow({ stage }: OperatorContext, person: Person, name: string): Promise<string> {
  const changed = stage.windows.change();
  const answer = await person.try((api) => api.deleteWindow({ params: { name: name as never } }));
  changed((all) => void all.delete(name));
  return `removes a maintenance window: ${answered(answer, () => 'done')}`;
}

/** Before the end: what was begun must not wait for tomorrow. */
export async function removeAllWindows(context: OperatorContext, admin: Person): Promise<void> {
  for (const name of context.stage.windows.windows.keys()) context.stage.tell(await removeWindow(context, admin, name));
}
