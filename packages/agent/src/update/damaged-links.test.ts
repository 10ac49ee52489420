/** What a restored backup, a disk or a person does to the links of a component, and a disk that breaks between stop and start. */
import { cp, readlink, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, test, vi } from 'vitest';
import { DUCK, type TestRobot, testRobot } from './testing/test-robot.ts';

const broken = vi.hoisted(() => ({ link: (_path: string): boolean => false, file: (_path: string): boolean => false }));
vi.mock(import('@fairlead/toolkit/durable-files'), async (original) => {
  const real = await original();
  const linkDurably = async (path: string, to: string): Promise<void> => {
    if (broken.link(path)) throw Object.assign(new Error('EROFS: read-only file system'), { code: 'EROFS' });
    return real.linkDurably(path, to);
  };
  const writeDurably: typeof real.writeDurably = async (path, ...rest) => {
    if (broken.file(path)) throw Object.assign(new Error('ENOSPC: no space left on device'), { code: 'ENOSPC' });
    return real.writeDurably(path, ...rest);
  };
  return { ...real, linkDurably, writeDurably };
});
beforeEach(() => {
  broken.link = () => false;
  broken.file = () => false;
});

async function withTwoReleases(): Promise<TestRobot> {
  const robot = await testRobot();
  for (const version of ['1.0.0', '2.0.0']) await robot.updater.offer(await robot.release(version));
  robot.services.log.length = 0;
  return robot;
}
const slotOf = (robot: TestRobot, slot: 'active' | 'previous' | 'staged'): string =>
  robot.layout.component(DUCK).slot(slot);

describe('a link that became a folder, as in a backup that was restored without links', () => {
  async function restoredWithoutLinks(): Promise<TestRobot> {
    const robot = await withTwoReleases();
    for (const slot of ['active', 'previous'] as const) {
      const link = slotOf(robot, slot);
      await cp(link, `${link}.copy`, { recursive: true, dereference: true });
      await rm(link);
      await cp(`${link}.copy`, link, { recursive: true });
      await rm(`${link}.copy`, { recursive: true });
    }
    return robot;
  }

  test('is the committed link again after the next start, and the application runs', async () => {
    const robot = await restoredWithoutLinks();
    await robot.restarted().recover();
    expect(await robot.slots()).toMatchObject({ active: '2.0.0', previous: '1.0.0' });
    expect([...robot.services.running]).toEqual(['duck']);
    expect(robot.alarms()).toEqual([]);
    expect(await readlink(slotOf(robot, 'active'))).toMatch(/^releases\/2\.0\.0-/);
  });

  test('does not keep the robot from the release it is ordered next', async () => {
    const robot = await restoredWithoutLinks();
    await robot.updater.offer(await robot.release('3.0.0'));
    expect(robot.ends().at(-1)).toBe('succeeded');
    expect(await robot.slots()).toMatchObject({ active: '3.0.0' });
    expect([...robot.services.running]).toEqual(['duck']);
  });
});

describe('a file where a folder belongs, or a folder where a file belongs', () => {
  const inComponent = (name: string) => (robot: TestRobot) => join(robot.layout.component(DUCK).folder, name);
  const pathOf: Record<string, (robot: TestRobot) => string | Promise<string>> = {
    'journal.json': ({ layout }) => layout.journal,
    downloads: ({ layout }) => layout.downloads,
    'committed.json': inComponent('committed.json'),
    'abandoned.json': inComponent('abandoned.json'),
    'state-backups': inComponent('state-backups'),
    staged: inComponent('staged'),
  };

  test.each(Object.keys(pathOf))(
    'in the place of %s leaves the application up, and no release fails for it',
    async (name) => {
      const robot = await withTwoReleases();
      const path = (await pathOf[name]?.(robot)) ?? '';
      await rm(path, { recursive: true, force: true });
      if (name.endsWith('.json')) await cp(robot.layout.component(DUCK).manifests, path, { recursive: true });
      else await writeFile(path, 'rot');
      // As the agent before leaves it that stops its services with itself.
      await robot.services.stop('duck', 'switch');
      const agent = robot.restarted({ services: { ...robot.services, ownsStops: true } });
      await agent.recover();
      expect([...robot.services.running]).toEqual(['duck']);
      expect(await robot.slots()).toMatchObject({ active: '2.0.0' });
      await agent.offer(await robot.release('3.0.0'));
      expect(robot.ends().at(-1)).toBe('succeeded');
    },
  );

  test('in the place of the manifests leaves the application up, and the release is fetched again', async () => {
    const robot = await testRobot();
    const order = await robot.release('1.0.0');
    await robot.updater.offer(order);
    const { manifests } = robot.layout.component(DUCK);
    await rm(manifests, { recursive: true });
    await writeFile(manifests, 'rot');
    const agent = robot.restarted();
    await agent.recover();
    expect([...robot.services.running]).toEqual(['duck']);
    expect(agent.wantsAgain(DUCK, order.candidate.manifestSha256)).toBe(true);
    await agent.offer(order);
    expect(await robot.slots()).toMatchObject({ active: '1.0.0' });
    expect([agent.damages(), robot.openAlarms()]).toEqual([[], []]);
  });
});

describe('a disk that stops taking writes between the stop of the services and the new link', () => {
  const onActive = (path: string): boolean => path.endsWith('/active');

  test('leaves the application running in a roll-back by hand', async () => {
    const robot = await withTwoReleases();
    broken.link = onActive;
    expect(await robot.updater.rollBackLocally(DUCK, 'ann')).toMatchObject({ ok: false, refused: { category: 'io' } });
    expect([...robot.services.running]).toEqual(['duck']);
  });

  test('leaves the application running where the agent puts the links in order at its start', async () => {
    const robot = await withTwoReleases();
    const previous = await (await robot.folder()).slot('previous');
    if (!previous) throw new Error('a release to go back to was expected');
    await (await robot.folder()).point('active', previous);
    broken.link = onActive;
    await robot.restarted().recover();
    expect(robot.alarms()).toContain('io');
    expect([...robot.services.running]).toEqual(['duck']);
  });

  test('leaves the application running between the attempts of a roll-back', async () => {
    const robot = await withTwoReleases();
    robot.health.verdict = (version) => {
      if (version !== '3.0.0') return 'healthy';
      broken.link = onActive;
      return 'unhealthy';
    };
    const seen: string[][] = [];
    const sleep = async (): Promise<void> => {
      if (!broken.link('/active')) return;
      seen.push([...robot.services.running]);
      if (seen.length >= 14) broken.link = () => false;
    };
    await robot.restarted({ sleep }).offer(await robot.release('3.0.0'));
    expect(robot.ends().at(-1)).toBe('rolled-back: health_check');
    expect(seen.slice(10)).toEqual([['duck'], ['duck'], ['duck'], ['duck']]);
    expect([...robot.services.running]).toEqual(['duck']);
  });
});

test('a roll-back by hand that the disk refused leaves no record that the release was left', async () => {
  const robot = await withTwoReleases();
  broken.file = (path) => path.endsWith('/committed.json');
  expect(await robot.updater.rollBackLocally(DUCK, 'ann')).toMatchObject({
    ok: false,
    refused: { category: 'disk_full' },
  });
  expect(await (await robot.folder()).abandoned()).toEqual([]);
  expect([...robot.services.running]).toEqual(['duck']);
});
