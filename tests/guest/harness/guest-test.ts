/** Guests for the tests of one file: a cloud with a real control plane in it, and robots that boot beside it. */
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { removeTree } from '@fairlead/toolkit/bundle/remove-tree';
import { test as plain } from 'vitest';
import { type LocalFleet, openFleet } from '../../../scripts/local-fleet/local-fleet.ts';
import { createProcesses } from '../../../scripts/local-fleet/processes.ts';
import { type Cloud, openCloud } from './cloud.ts';
import { type Guest, type GuestPlan, makeGuest } from './guest.ts';
import { closePremises } from './premises.ts';
import { whyNoGuests } from './prerequisites.ts';

type MakeGuest = (plan: Omit<GuestPlan, 'cloud'>) => Promise<Guest>;
interface Fixtures {
  cloud: Cloud;
  /** A control plane in the cloud; robots and the test know it by the same address. */
  fleet: LocalFleet;
  /** Makes a guest, which is off and goes with the file's last test. */
  guest: MakeGuest;
}

const base = plain.extend<Fixtures>({
  cloud: [
    async ({}, use) => {
      const cloud = await openCloud();
      try {
        await use(cloud);
      } finally {
        await cloud.close();
        await closePremises();
      }
    },
    { scope: 'file' },
  ],
  fleet: [
    async ({ cloud }, use) => {
      const folder = await mkdtemp(join(tmpdir(), 'fairlead-guest-fleet-'));
      const processes = createProcesses(join(folder, 'logs'), ['ip', 'netns', 'exec', cloud.namespace]);
      try {
        await use(await openFleet(folder, processes, { address: cloud.address }));
      } finally {
        await processes.stopAll();
      }
      await removeTree(folder);
    },
    { scope: 'file' },
  ],
  guest: [
    async ({ cloud }, use) => {
      const guests: Guest[] = [];
      try {
        await use(async (plan) => {
          const guest = await makeGuest({ ...plan, cloud });
          guests.push(guest);
          return guest;
        });
      } finally {
        for (const guest of guests) await guest.remove();
      }
    },
    { scope: 'file' },
  ],
});

/** `test` of vitest with these fixtures; skipped where no guest can be booted. */
export const test = base.skipIf(whyNoGuests !== undefined);
