/** A real fleet for the tests of one file: control plane and agents as processes, and a network that can fail between them. */
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { removeTree } from '@fairlead/toolkit/bundle/remove-tree';
import { test as plain } from 'vitest';
import { addRobot, type LocalFleet, type NewRobot, openFleet } from '../../../scripts/local-fleet/local-fleet.ts';
import { createProcesses } from '../../../scripts/local-fleet/processes.ts';
import type { LivingRobot } from '../../../scripts/local-fleet/robot-process.ts';
import { waitFor } from '../../../scripts/local-fleet/wait-for.ts';
import { type Network, openNetwork } from './network.ts';

// Dozens of short processes: each starts in half the time where another has compiled the same modules.
process.env['NODE_COMPILE_CACHE'] ??= join(import.meta.dirname, '../../../node_modules/.cache/system-tests');

export interface TestFleet extends LocalFleet {
  /** Between the robots and the control plane; the operator has a line of its own. */
  readonly network: Network;
  /** A robot behind that network, accepted and online. */
  join(robot: NewRobot): Promise<LivingRobot>;
}

export const test = plain.extend<{ fleet: TestFleet }>({
  fleet: [
    async ({}, use) => {
      const folder = await mkdtemp(join(tmpdir(), 'fairlead-system-'));
      const processes = createProcesses(join(folder, 'logs'));
      const network = await openNetwork();
      try {
        const fleet = await openFleet(folder, processes, { authorities: [network.authority] });
        network.leadTo(fleet.controlPlane.url);
        await use(Object.assign(fleet, { network, join: (robot: NewRobot) => joinFleet(fleet, network, robot) }));
      } finally {
        await processes.stopAll();
        await network.close();
      }
      // KEEP_FLEETS=1 leaves logs, disks and databases for a look.
      if (process.env['KEEP_FLEETS']) process.stdout.write(`kept: ${folder}\n`);
      else await removeTree(folder);
    },
    { scope: 'file' },
  ],
});

async function joinFleet(fleet: LocalFleet, network: Network, robot: NewRobot): Promise<LivingRobot> {
  const joined = await addRobot(fleet, { server: network.url, ...robot });
  await waitFor(`${robot.name} to be online`, async () => {
    const { items } = await fleet.api.listRobots();
    return items.find((it) => it.robot === robot.name && it.presence === 'online');
  });
  return joined;
}
