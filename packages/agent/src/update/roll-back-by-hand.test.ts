import { readdir } from 'node:fs/promises';
import type { ComponentName } from '@fairlead/shared/ids';
import { expect, test } from 'vitest';
import { DUCK, testRobot } from './testing/test-robot.ts';

test('a roll-back by hand is told before anything that may take long, or never end', async () => {
  const robot = await testRobot();
  for (const version of ['1.0.0', '2.0.0']) await robot.updater.offer(await robot.release(version));
  let toldWhenProbed = false;
  robot.deps.prober.probe = async () => {
    toldWhenProbed = robot.reports.at(-1)?.event === 'local-rollback';
    return { verdict: 'healthy', detail: '' };
  };
  await robot.updater.rollBackLocally(DUCK, 'ann');
  expect(toldWhenProbed).toBe(true);
});

test('rolling back twice does not return to the release that was just left, unless a person confirms it', async () => {
  const robot = await testRobot();
  for (const version of ['1.0.0', '2.0.0']) await robot.updater.offer(await robot.release(version));
  expect((await robot.updater.rollBackLocally(DUCK, 'ann')).ok).toBe(true);
  const refused = { ok: false, refused: { category: 'abandoned', hint: expect.stringContaining('--yes') } };
  expect(await robot.updater.rollBackLocally(DUCK, 'ann')).toMatchObject(refused);
  expect(await robot.slots()).toMatchObject({ active: '1.0.0' });
  expect((await robot.updater.rollBackLocally(DUCK, 'ann', { confirmAbandoned: true })).ok).toBe(true);
  expect(await robot.slots()).toMatchObject({ active: '2.0.0' });
});

test('a release that was left and then ordered again is a release to roll back to like any other', async () => {
  const robot = await testRobot();
  for (const version of ['1.0.0', '2.0.0']) await robot.updater.offer(await robot.release(version));
  await robot.updater.rollBackLocally(DUCK, 'ann');
  for (const version of ['2.0.0', '3.0.0']) await robot.updater.offer(await robot.release(version));
  expect((await robot.updater.rollBackLocally(DUCK, 'ann')).ok).toBe(true);
  expect(await robot.slots()).toMatchObject({ active: '2.0.0' });
});

test('a roll-back of a component that this robot does not have is refused and leaves no component behind', async () => {
  const robot = await testRobot();
  await robot.updater.offer(await robot.release('1.0.0'));
  const refused = { ok: false, refused: { category: 'no_previous', element: 'typo' } };
  expect(await robot.updater.rollBackLocally('typo' as ComponentName, 'ann')).toMatchObject(refused);
  expect(await readdir(robot.layout.components)).toEqual([DUCK]);
});

test('an agent that stops does not wait for a roll-back by hand to become healthy', async () => {
  const robot = await testRobot();
  for (const version of ['1.0.0', '2.0.0']) await robot.updater.offer(await robot.release(version));
  let probes = 0;
  let stopping: Promise<void> | undefined;
  robot.deps.prober.probe = async () => {
    probes += 1;
    stopping ??= robot.updater.stop();
    return { verdict: 'unhealthy', detail: '' };
  };
  expect((await robot.updater.rollBackLocally(DUCK, 'ann')).ok).toBe(true);
  await stopping;
  expect(probes).toBe(1);
  expect(robot.alarms()).toEqual([]);
});

test('nobody goes back by hand to a release that was withdrawn for good, also without network', async () => {
  const robot = await testRobot();
  for (const version of ['1.0.0', '2.0.0']) await robot.updater.offer(await robot.release(version));
  const refusal = {
    phase: 'roll-back',
    element: '1.0.0',
    category: 'denied',
    detail: '',
    retryable: false,
    hint: '',
  } as const;
  const agent = robot.restarted({ forbids: ({ version }) => (version === '1.0.0' ? refusal : undefined) });
  expect(await agent.rollBackLocally(DUCK, 'ann')).toMatchObject({ ok: false, refused: { category: 'denied' } });
  expect(await robot.slots()).toMatchObject({ active: '2.0.0' });
});
