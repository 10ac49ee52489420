/**
 * Live power cuts: a booted robot updates again and again, and its battery is pulled at moments that only the seed
 * knows. What its disk had not yet is gone. After each cut it boots, and a verified release works.
 * FAIRLEAD_LIVE_CUTS says how often (CI: 50). FAIRLEAD_SEED repeats the moments and what the disk kept; where in the
 * update a moment falls is the machine's, because this is a live robot.
 */

import { setTimeout as pause } from 'node:timers/promises';
import { CUT_MODES } from '@fairlead/agent/fault-campaign/disk/medium';
import { pick, seededRandom } from '@fairlead/agent/fault-campaign/disk/random';
import type { DeploymentView } from '@fairlead/shared/fleet/deployment-view';
import { isTerminal } from '@fairlead/shared/fleet/states';
import { expect } from 'vitest';
import { type LocalFleet, publishRelease } from '../../scripts/local-fleet/local-fleet.ts';
import { begin, deploy, endOf } from '../system/harness/orders.ts';
import { addApplication, bringUp, type GuestRobot, install, lentAgent, UNIT_CHECKS } from './harness/guest-robot.ts';
import { test } from './harness/guest-test.ts';

const CUTS = Number(process.env['FAIRLEAD_LIVE_CUTS'] ?? 5);
const SEED = Number(process.env['FAIRLEAD_SEED'] ?? Date.now() % 2 ** 31);
const VERSIONS = ['1.0.0', '1.1.0'] as const;
/** Longer than an update takes, so that cuts hit what comes after it too. */
const LONGEST_MS = 3500;
const RECOVERY_MS = 600;
const PATIENCE_MS = 60_000;

test(`a robot whose power is cut ${CUTS} times in its updates boots each time with a verified release that works`, async ({
  guest,
  fleet,
}) => {
  const random = seededRandom(SEED);
  console.log(`live cuts: ${CUTS}, FAIRLEAD_SEED=${SEED}`);
  const machine = await guest({ name: 'cut', lends: await lentAgent(), hasDisk: true });
  await addApplication(machine);
  for (const [at, version] of VERSIONS.entries()) {
    const ballast = crypto.getRandomValues(new Uint8Array(2 ** 16));
    await publishRelease(fleet, { version, policy: { seed: at }, healthChecks: UNIT_CHECKS, probationSec: 1, ballast });
  }
  await machine.boot();
  await install(machine);
  const robot = await bringUp(machine, fleet);
  const policies = new Map<string, string>();
  for (const version of VERSIONS) {
    expect((await deploy(fleet, machine, `walking@${version}`)).view.state).toBe('succeeded');
    policies.set(`walking@${version}`, (await robot.untilRunning(`walking@${version}`)).policySha256);
  }

  let running: string = VERSIONS[1];
  let order: DeploymentView | undefined;
  let inRecovery = false;
  const outcomes = new Map<string, number>();
  for (let cut = 1; cut <= CUTS; cut += 1) {
    order ??= await begin(fleet, machine, `walking@${running === VERSIONS[0] ? VERSIONS[1] : VERSIONS[0]}`);
    await pause(pick(random, inRecovery ? RECOVERY_MS : LONGEST_MS));
    await machine.cutPower({ mode: CUT_MODES[cut % CUT_MODES.length] ?? 'flushed', random });
    await machine.boot();
    // Now and then the power goes again while the agent is still finding out what happened.
    inRecovery = cut < CUTS && pick(random, 5) === 0;
    if (inRecovery) continue;

    await works(robot, policies).catch(async (error: unknown) => {
      const { stdout } = await machine.run('journalctl', '--no-pager', '--lines=60', '--unit=fairlead-agent');
      throw new Error(`after cut ${cut} of FAIRLEAD_SEED=${SEED}: ${String(error)}\n${stdout}`, { cause: error });
    });
    const { deployment: seen } = await fleet.api.showDeployment({ params: { deployment: order.deployment } });
    if (!isTerminal(seen.state)) continue;
    running = await settled(fleet, robot, order, running);
    count(seen.state);
    order = undefined;
  }

  if (order) count((await endOf(fleet, order, PATIENCE_MS)).view.state);
  if (order) running = await settled(fleet, robot, order, running);
  console.log(`live cuts: ${CUTS} survived; updates: ${[...outcomes].map(([how, n]) => `${n} ${how}`).join(', ')}`);
  // Nothing is stuck, and nothing has piled up: the two releases that a robot keeps, and no download.
  const last = running === VERSIONS[0] ? VERSIONS[1] : VERSIONS[0];
  expect((await deploy(fleet, machine, `walking@${last}`)).view.state).toBe('succeeded');
  const kept = await machine.must('sh', '-c', 'cd /var/lib/fairlead; ls components/walking/releases downloads');
  expect(kept.match(/^1\./gm)).toHaveLength(2);
  expect(kept.split('downloads:')[1]?.trim()).toBe('');

  function count(outcome: string): void {
    outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
  }
});

/** A release that the robot was given works, and every byte of it is what was signed. */
async function works(robot: GuestRobot, policies: ReadonlyMap<string, string>): Promise<void> {
  const { release, policySha256 } = await robot.untilWell();
  expect(policySha256).toBe(policies.get(release));
  expect(await robot.verify()).toEqual([expect.objectContaining({ intact: true })]);
}

/** What was reported is what runs, and it was reported once. */
async function settled(fleet: LocalFleet, robot: GuestRobot, order: DeploymentView, before: string): Promise<string> {
  const { view, events } = await endOf(fleet, order, PATIENCE_MS);
  expect(['succeeded', 'failed', 'rolled-back'], JSON.stringify(view)).toContain(view.state);
  expect(events.filter((event) => isTerminal(event.state))).toHaveLength(1);
  const now = view.state === 'succeeded' ? view.version : before;
  await robot.untilRunning(`walking@${now}`);
  return now;
}
