/** What every service manager promises, proven on each adapter. */
import { expect, onTestFinished, test } from 'vitest';
import type { ServiceManager } from './service-manager.ts';

export interface ManagedRobot {
  readonly manager: ServiceManager;
  /** A service that runs until it is stopped. */
  readonly steady: string;
  /** A service whose program ends by itself at once. */
  readonly crashing: string;
  /** A name the manager does not know. */
  readonly unknown: string;
  close(): Promise<void>;
}

export function describeServiceManager(name: string, open: () => Promise<ManagedRobot>): void {
  const robot = async (): Promise<ManagedRobot> => {
    const opened = await open();
    onTestFinished(() => opened.close());
    return opened;
  };

  test(`${name}: a started service runs, a stopped one does not`, async () => {
    const { manager, steady } = await robot();
    expect(await manager.start(steady, 'switch')).toEqual({ ok: true, value: undefined });
    expect((await manager.state(steady)).state).toBe('running');
    expect(await manager.stop(steady, 'switch')).toEqual({ ok: true, value: undefined });
    expect((await manager.state(steady)).state).toBe('stopped');
  });

  test(`${name}: a service that is not there is found before anything is asked of it, and one that is stays as it was`, async () => {
    const { manager, steady, unknown } = await robot();
    expect(await manager.check(steady, 'decide')).toEqual({ ok: true, value: undefined });
    expect((await manager.state(steady)).state).toBe('stopped');
    const checked = await manager.check(unknown, 'decide');
    expect(!checked.ok && checked.refused).toMatchObject({ category: 'no_service', phase: 'decide' });
  });

  test(`${name}: starting and stopping twice is fine`, async () => {
    const { manager, steady } = await robot();
    for (const verb of ['start', 'start', 'stop', 'stop'] as const) {
      expect((await manager[verb](steady, 'switch')).ok).toBe(true);
    }
  });

  test(`${name}: exits nobody asked for are counted, and a planned start begins again at zero`, async () => {
    const { manager, crashing } = await robot();
    await manager.start(crashing, 'switch');
    await expect.poll(async () => (await manager.state(crashing)).restarts, { timeout: 10_000 }).toBeGreaterThan(1);
    await manager.stop(crashing, 'switch');
    expect(await manager.state(crashing)).toMatchObject({ state: 'stopped', restarts: 0 });
  });

  test(`${name}: a service nobody knows is refused, and its state is unknown`, async () => {
    const { manager, unknown } = await robot();
    const started = await manager.start(unknown, 'roll-back');
    expect(!started.ok && started.refused).toMatchObject({ phase: 'roll-back', element: unknown });
    expect((await manager.state(unknown)).state).toBe('unknown');
  });
}
