/**
 * Somebody answers in the control plane's place: a captive portal, a busy proxy, ten thousand redirects. The robot is
 * not taken in, keeps what it has, and asks no more often than it may: each test prints when it asked.
 */
import { randomBytes } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { expect } from 'vitest';
import { publishRelease } from '../../scripts/local-fleet/local-fleet.ts';
import { waitFor } from '../../scripts/local-fleet/wait-for.ts';
import { askRobot, statusOf } from '../faults/harness/faulty-fleet.ts';
import { untilCommitted, untilStep, untilSynced } from '../system/harness/on-disk.ts';
import { begin, endOf } from '../system/harness/orders.ts';
import type { Lie } from './harness/lying-server.ts';
import {
  gapsOf,
  hasNamespaces,
  type NetworkedFleet,
  type NetworkedRobot,
  sayTimeLine,
  test,
  untilSeen,
} from './harness/networked-fleet.ts';

const FOR_MS = 10_000;
/** Pauses of 0 to 4, 8, 16 s …: ten seconds have room for few, whatever the dice say. */
const MOST_CHECK_INS = 12;
let duck: NetworkedRobot;

/** It would ask again by itself, within its pause; nobody needs to wait for that here. */
async function nowSeen(fleet: NetworkedFleet): Promise<void> {
  await askRobot(duck, 'check-now');
  await untilSeen(fleet, duck);
}

for (const lie of ['portal-page', 'portal-redirect', 'redirects'] as const satisfies Lie[]) {
  test.runIf(hasNamespaces)(`${lie} for everything: believed by nobody, and asked seldom`, async ({ fleet }) => {
    duck ??= await fleet.join('duck-1', { download: { maxKbPerSec: 256 } });
    const liar = await fleet.lieTo(duck, lie);
    await pause(FOR_MS);
    const asked = await liar.asked();
    sayTimeLine(`${lie}, ${FOR_MS / 1000} s`, asked);
    expect(asked.length).toBeGreaterThan(0);
    expect(asked.length).toBeLessThanOrEqual(MOST_CHECK_INS);
    // Nobody follows anywhere: what is asked is what a robot asks.
    expect(asked.filter(({ path }) => !/^\/(api\/v1\/robots|tuf)\//.test(path))).toEqual([]);
    const hint = expect.stringContaining('captive portal');
    expect((await statusOf(duck)).troubles).toMatchObject([{ category: 'unexpected_answer', hint }]);
    expect((await duck.health())?.release).toBe('walking@1.0.0');
    await liar.silence();
    await nowSeen(fleet);
  });
}

for (const lie of ['busy-429', 'busy-503'] as const satisfies Lie[]) {
  test.runIf(hasNamespaces)(`${lie} with Retry-After of 4 s: never asked sooner`, async ({ fleet }) => {
    const liar = await fleet.lieTo(duck, lie);
    await pause(FOR_MS);
    const asked = await liar.asked();
    sayTimeLine(`${lie}, Retry-After 4 s`, asked);
    const gaps = gapsOf(asked, /check-in/);
    expect(gaps.length).toBeGreaterThan(0);
    // A date has whole seconds.
    expect(Math.min(...gaps)).toBeGreaterThanOrEqual(lie === 'busy-429' ? 4 : 3);
    await liar.silence();
    await nowSeen(fleet);
  });
}

for (const lie of ['portal-page', 'redirects', 'busy-503'] as const satisfies Lie[]) {
  test.runIf(hasNamespaces)(`${lie} in a download: what came is kept, and the rest comes later`, async ({ fleet }) => {
    const ballast = randomBytes(3 * 1024 * 1024);
    const version = { 'portal-page': '3.0.0', redirects: '4.0.0', 'busy-503': '5.0.0' }[lie];
    await publishRelease(fleet, { version, policy: { seed: 9 }, probationSec: 1, ballast });
    const before = await duck.received();
    const wanted = await begin(fleet, duck, `walking@${version}`);
    // By time and not by size: a few seconds' worth is on the disk.
    await untilSynced(duck);
    const liar = await fleet.lieTo(duck, lie);
    await pause(5_000);
    const asked = await liar.asked();
    sayTimeLine(`${lie} in a download, 5 s`, asked);
    expect(asked.filter(({ path }) => path.startsWith('/blobs/')).length).toBeLessThanOrEqual(8);
    await liar.silence();
    expect((await endOf(fleet, wanted, 90_000)).view.state).toBe('succeeded');
    const bytes = (await duck.received()) - before;
    process.stdout.write(`${lie} in a download: ${bytes} bytes over the wire for ${ballast.length}\n`);
    expect(bytes).toBeLessThan(1.25 * ballast.length);
  });
}

test.runIf(hasNamespaces)(
  'a portal in the probation is no reason to go back, and the end is told later',
  async ({ fleet }) => {
    const wanted = await begin(fleet, duck, 'walking@2.0.0');
    await untilStep(duck, 'probation');
    const liar = await fleet.lieTo(duck, 'portal-page');
    await untilCommitted(duck, '2.0.0');
    await waitFor('2.0.0 to run', async () => (await duck.health())?.release === 'walking@2.0.0' || undefined);
    await liar.silence();
    expect((await endOf(fleet, wanted)).view.state).toBe('succeeded');
  },
);
