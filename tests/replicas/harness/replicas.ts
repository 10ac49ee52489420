/** Two real control planes on one real PostgreSQL, and robots that reach whichever of them a test leads them to. */
import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { noPostgres, startTestPostgres, type TestPostgres } from '@fairlead/control-plane/testing/test-postgres';
import { removeTree } from '@fairlead/toolkit/bundle/remove-tree';
import { test as plain } from 'vitest';
import { type ControlPlane, makeControlPlane } from '../../../scripts/local-fleet/control-plane-process.ts';
import { addRobot, clientOf, type LocalFleet, openFleet } from '../../../scripts/local-fleet/local-fleet.ts';
import { createProcesses, type Running } from '../../../scripts/local-fleet/processes.ts';
import type { LivingRobot } from '../../../scripts/local-fleet/robot-process.ts';
import { waitFor } from '../../../scripts/local-fleet/wait-for.ts';
import { type Network, openNetwork } from '../../system/harness/network.ts';

process.env['NODE_COMPILE_CACHE'] ??= join(import.meta.dirname, '../../../node_modules/.cache/system-tests');

export { noPostgres };

export interface Replica {
  readonly controlPlane: ControlPlane;
  readonly api: LocalFleet['api'];
  server: Running;
}
export interface Replicas {
  readonly postgres: TestPostgres;
  readonly database: string;
  /** The operator's line leads to `a`. */
  readonly fleet: LocalFleet;
  readonly a: Replica;
  readonly b: Replica;
  /** Between the robots and a replica, as a load balancer would be. It leads to `b` at first. */
  readonly network: Network;
  /** A robot behind that network, accepted and online as `a` sees it. */
  join(name: string): Promise<LivingRobot>;
  /** Whether the replica says that it can do its work, with what it says. */
  ready(replica: Replica): Promise<{ readonly ok: boolean; readonly said: string }>;
}

export const test = plain.extend<{ replicas: Replicas }>({
  replicas: [
    async ({}, use) => {
      const folder = await mkdtemp(join(tmpdir(), 'fairlead-replicas-'));
      const processes = createProcesses(join(folder, 'logs'));
      const [network, postgres] = [await openNetwork(), await startTestPostgres()];
      try {
        const url = new URL(await postgres.createDatabase());
        const passwordFile = join(folder, 'database-password');
        await writeFile(passwordFile, `${postgres.password}\n`, { mode: 0o600 });
        url.password = '';
        const args = ['--database', url.href, '--database-password-file', passwordFile];
        const authorities = [network.authority];
        const fleet = await openFleet(folder, processes, { authorities, args });
        const second = await makeControlPlane(processes, folder, authorities, { args, beside: fleet.controlPlane });
        const server = await second.start();
        const b = { controlPlane: second, server, api: await clientOf(second) };
        network.leadTo(second.url);
        await use({
          postgres,
          database: url.pathname.slice(1),
          fleet,
          a: { controlPlane: fleet.controlPlane, server: fleet.server, api: fleet.api },
          b,
          network,
          join: (name) => joinFleet(fleet, network, name),
          ready: async ({ controlPlane }) => {
            const reply = await fetch(`${controlPlane.url}/health/ready`);
            return { ok: reply.ok, said: await reply.text() };
          },
        });
      } finally {
        await processes.stopAll();
        await network.close();
        await postgres.remove();
      }
      if (process.env['KEEP_FLEETS']) process.stdout.write(`kept: ${folder}\n`);
      else await removeTree(folder);
    },
    { scope: 'file' },
  ],
});

async function joinFleet(fleet: LocalFleet, network: Network, name: string): Promise<LivingRobot> {
  const joined = await addRobot(fleet, { name, server: network.url });
  await waitFor(`${name} to be online`, async () => {
    const { items } = await fleet.api.listRobots();
    return items.find((it) => it.robot === name && it.presence === 'online');
  });
  return joined;
}
