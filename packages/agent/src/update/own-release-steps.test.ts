/** The agent's own update as the journey sees it: who restarts, who commits, who gives up. */

import { accept, refuse } from '@fairlead/shared/failure';
import { ComponentName } from '@fairlead/shared/ids';
import { releaseFolderName } from '@fairlead/shared/release/manifest';
import { Parse } from 'typebox/value';
import { expect, test } from 'vitest';
import { notLaunched } from '../own-release/not-launched.ts';
import { OWN_COMPONENT, type OwnRelease, PACKAGED } from '../own-release/own-release.ts';
import { testRobot } from './testing/test-robot.ts';

const OWN = Parse(ComponentName, OWN_COMPONENT);

/** A robot whose agent runs `running`; a restart is noted and stops the update, as it does in the field. */
async function robotRunning(running: string, bend: Partial<OwnRelease> = {}) {
  const notes: string[] = [];
  const lives: { stop(): Promise<void> }[] = [];
  const own: OwnRelease = {
    ...notLaunched,
    running,
    is: (release) => releaseFolderName(release) === running,
    beginTrial: async ({ version }, seconds) => void notes.push(`trial of ${version} for ${seconds} s`),
    endTrial: async () => void notes.push('trial over'),
    restart: () => {
      notes.push('restart');
      void lives.at(-1)?.stop();
    },
    ...bend,
  };
  const robot = await testRobot({ own });
  lives.push(robot.updater);
  const next = (change: Partial<OwnRelease>) => {
    const life = robot.restarted({ own: { ...own, ...change } });
    lives.push(life);
    return life;
  };
  const release = (version: string, sections: object = {}) =>
    robot.release(version, { component: OWN, services: [], ...sections });
  return { robot, notes, release, next };
}

test('the trial is noted before the switch, the agent restarts, and the new one alone commits', async () => {
  const { robot, notes, release, next } = await robotRunning(PACKAGED);
  const order = await release('2.0.0');
  await robot.updater.offer(order);
  expect(notes).toEqual(['trial of 2.0.0 for 10 s', 'restart']);
  expect(robot.ends()).toEqual([]);
  const name = releaseFolderName(order.candidate);
  await next({ running: name, is: (it) => releaseFolderName(it) === name }).recover();
  expect(robot.ends()).toEqual(['succeeded']);
  expect(notes.at(-1)).toBe('trial over');
});

test('an agent that the launcher brought back gives the new one up, without restarting again', async () => {
  const { robot, notes, release, next } = await robotRunning(PACKAGED);
  await robot.updater.offer(await release('2.0.0'));
  await next({ gaveUp: () => '2.0.0-x did not prove itself in 3 starts' }).recover();
  expect(robot.ends()).toEqual(['rolled-back: agent_did_not_start']);
  expect(notes.filter((note) => note === 'restart')).toHaveLength(1);
  expect(await robot.slots()).toEqual({ active: undefined, previous: undefined, staged: undefined });
});

test('a new agent whose probation fails steps aside before its files are removed', async () => {
  const { robot, notes, release, next } = await robotRunning(PACKAGED);
  const order = await release('2.0.0', { healthChecks: [{ tcp: { port: 9 } }] });
  await robot.updater.offer(order);
  robot.health.verdict = () => 'unhealthy';
  const name = releaseFolderName(order.candidate);
  await next({ running: name, is: (it) => releaseFolderName(it) === name }).recover();
  expect(notes.at(-1)).toBe('restart');
  expect(robot.ends()).toEqual([]);
  await next({}).recover();
  expect(robot.ends()).toEqual(['rolled-back: health_check']);
});

test('a new agent whose self-test fails on this robot is refused before anything is switched', async () => {
  const { robot, notes, release } = await robotRunning(PACKAGED, {
    tryOut: async () =>
      refuse({ phase: 'smoke-test', element: 'x', category: 'self_test', detail: '', retryable: false, hint: '' }),
  });
  await robot.updater.offer(await release('2.0.0'));
  expect(robot.ends()).toEqual(['rejected: self_test']);
  expect(notes).toEqual([]);
});

test('an agent that would stop services for itself, or that nobody launched, is refused', async () => {
  const { robot, release } = await robotRunning(PACKAGED);
  await robot.updater.offer(await release('2.0.0', { services: ['duck'] }));
  await robot
    .restarted({ own: { ...notLaunched, tryOut: async () => accept(undefined) } })
    .offer(await release('2.1.0'));
  expect(robot.ends()).toEqual(['rejected: own_services', 'rejected: no_launcher']);
});
