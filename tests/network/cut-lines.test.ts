/**
 * The cable is out, or everything is swallowed, in each phase of an update. The robot never hangs, goes on where it
 * stood, and never gives up a good release because nobody answers: its verdict is its own.
 */
import { randomBytes } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { expect } from 'vitest';
import { publishRelease } from '../../scripts/local-fleet/local-fleet.ts';
import { waitFor } from '../../scripts/local-fleet/wait-for.ts';
import { untilCommitted, untilPart, untilStep } from '../system/harness/on-disk.ts';
import { begin, endOf } from '../system/harness/orders.ts';
import {
  BLACK_HOLE,
  hasNamespaces,
  lossy,
  type NetworkedRobot,
  resetAfter,
  slowDown,
  test,
  untilSeen,
} from './harness/networked-fleet.ts';

const MIB = 1024 * 1024;
let duck: NetworkedRobot;
const CUTS = {
  'the cable is out': { cut: () => duck.cable.pull(), mend: () => duck.cable.putBack() },
  'a black hole swallows everything': { cut: () => duck.rules(...BLACK_HOLE), mend: () => duck.rules() },
};

async function runs(version: string): Promise<void> {
  const health = await waitFor(`${duck.name} to answer`, () => duck.health());
  expect(health.release).toBe(`walking@${version}`);
  expect(duck.agent.alive()).toBe(true);
}

test.runIf(hasNamespaces)(
  'while it waits for news: a robot is there again soon after the line is',
  async ({ fleet }) => {
    duck = await fleet.join('duck-1', { download: { maxKbPerSec: 512 } });
    for (const [what, { cut, mend }] of Object.entries(CUTS)) {
      await cut();
      await pause(7_000);
      await runs('1.0.0');
      await mend();
      const mended = Date.now();
      await untilSeen(fleet, duck, mended);
      process.stdout.write(`${what} for 7 s: seen again ${((Date.now() - mended) / 1000).toFixed(1)} s after\n`);
    }
  },
);

test.runIf(hasNamespaces)('in a download: it goes on where it stood, and the wire shows it', async ({ fleet }) => {
  for (const [index, [what, { cut, mend }]] of Object.entries(CUTS).entries()) {
    const version = `${3 + index}.0.0`;
    const ballast = randomBytes(1.5 * MIB);
    await publishRelease(fleet, { version, policy: { seed: 3 + index }, probationSec: 1, ballast });
    const before = await duck.received();
    const wanted = await begin(fleet, duck, `walking@${version}`);
    await untilPart(duck);
    await pause(1_000);
    await cut();
    await pause(3_000);
    await mend();
    expect([what, (await endOf(fleet, wanted)).view.state]).toEqual([what, 'succeeded']);
    const bytes = (await duck.received()) - before;
    process.stdout.write(`${what} in a download of ${ballast.length} bytes: ${bytes} bytes came over the wire\n`);
    expect(bytes).toBeLessThan(1.25 * ballast.length);
  }
});

test.runIf(hasNamespaces)('after the download: the update comes to its good end without network', async ({ fleet }) => {
  const releases = ['1.0.0', '2.0.0'];
  let next = 0;
  for (const [what, { cut, mend }] of Object.entries(CUTS)) {
    for (const step of ['smoke-test', 'probation']) {
      const version = releases[next++ % 2] ?? '';
      const wanted = await begin(fleet, duck, `walking@${version}`);
      await untilStep(duck, step);
      await cut();
      await untilCommitted(duck, version);
      await runs(version);
      await mend();
      const { view, events } = await endOf(fleet, wanted);
      expect([what, step, view.state]).toEqual([what, step, 'succeeded']);
      expect(events.filter(({ state }) => state === 'succeeded')).toHaveLength(1);
    }
  }
});

test.runIf(hasNamespaces)(
  'a connection that is reset after every 300 kB brings a whole release all the same',
  async ({ fleet }) => {
    const ballast = randomBytes(1.5 * MIB);
    await publishRelease(fleet, { version: '5.0.0', policy: { seed: 5 }, probationSec: 1, ballast });
    await resetAfter(fleet, 300_000);
    const before = await duck.received();
    const wanted = await begin(fleet, duck, 'walking@5.0.0');
    try {
      expect((await endOf(fleet, wanted)).view.state).toBe('succeeded');
    } finally {
      await resetAfter(fleet, 0);
    }
    const bytes = (await duck.received()) - before;
    process.stdout.write(`reset after 300 kB: ${bytes} bytes came over the wire for ${ballast.length}\n`);
    // What had come and was not read yet goes with each connection; starting again would never end.
    expect(bytes).toBeLessThan(2 * ballast.length);
  },
);

test.runIf(hasNamespaces)('5 % of all packets are lost: it takes longer', async ({ fleet }) => {
  await duck.rules(...lossy(5));
  const begun = performance.now();
  const wanted = await begin(fleet, duck, 'walking@4.0.0');
  expect((await endOf(fleet, wanted)).view.state).toBe('succeeded');
  process.stdout.write(`5 % loss: 1.5 MiB and an update in ${((performance.now() - begun) / 1000).toFixed(1)} s\n`);
  await duck.rules();
});

test.runIf(hasNamespaces)(
  '8 kbit/s, as over an old modem: an update arrives, is proven and told',
  async ({ fleet }) => {
    await publishRelease(fleet, { version: '6.0.0', policy: { seed: 6 }, probationSec: 1 });
    const before = await duck.received();
    await slowDown(fleet, duck, 8);
    const begun = performance.now();
    const wanted = await begin(fleet, duck, 'walking@6.0.0');
    try {
      expect((await endOf(fleet, wanted, 150_000)).view.state).toBe('succeeded');
    } finally {
      await slowDown(fleet, duck, 0);
    }
    const seconds = (performance.now() - begun) / 1000;
    process.stdout.write(`8 kbit/s: ${(await duck.received()) - before} bytes in ${seconds.toFixed(0)} s\n`);
    await runs('6.0.0');
  },
);

test.runIf(hasNamespaces)(
  'a server that vanished without a word is noticed, and its successor is found',
  async ({ fleet }) => {
    await duck.rules(...BLACK_HOLE);
    await fleet.server.kill();
    fleet.server = await fleet.controlPlane.start();
    await duck.rules();
    const since = Date.now();
    await untilSeen(fleet, duck, since);
    process.stdout.write(`half-open connection: seen again after ${((Date.now() - since) / 1000).toFixed(1)} s\n`);
    const wanted = await begin(fleet, duck, 'walking@2.0.0');
    expect((await endOf(fleet, wanted)).view.state).toBe('succeeded');
  },
);
