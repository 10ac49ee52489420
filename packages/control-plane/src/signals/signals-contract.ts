/** What every adapter of signals must do in the process that gives them. */
import type { RobotId } from '@fairlead/shared/ids';
import { describe, expect, test } from 'vitest';
import type { Signals } from './signals.ts';

const duck = 'duck-1' as RobotId;

export function describeSignals(name: string, open: () => Promise<Signals>): void {
  describe(`signals: ${name}`, () => {
    test('a robot that is woken is heard of at once, by all who listen', async () => {
      const signals = await open();
      const heard: unknown[] = [];
      signals.onWake((robots) => heard.push(robots));
      signals.onWake((robots) => heard.push(robots));
      signals.wake([duck]);
      expect(heard).toEqual([[duck], [duck]]);
    });

    test('a change is heard by those who listen to its topic', async () => {
      const signals = await open();
      const heard: string[] = [];
      signals.onChange('settings', () => heard.push('settings'));
      signals.onChange('rollouts', () => heard.push('rollouts'));
      signals.changed('rollouts');
      expect(heard).toEqual(['rollouts']);
      expect(signals.verdict()).toMatchObject({ ok: true });
    });
  });
}
