import type { ComponentName } from '@fairlead/shared/ids';
import { expect, test } from 'vitest';
import { memoryServices } from '../update/testing/memory-services.ts';
import { plannedWork } from './planned-work.ts';

const DUCK = 'duck-policy' as ComponentName;
const CAMERA = 'camera' as ComponentName;

test('everything is under change until an agent has put in order what it found at its start', () => {
  const work = plannedWork();
  expect(work.mark(DUCK, [])).toBeUndefined();
  const ended = work.ended();
  work.end();
  expect(work.mark(DUCK, [])).toBeDefined();
  expect(ended.aborted).toBe(true);
});

test('a component is under change while it is switched, and has another mark afterwards', () => {
  const work = plannedWork();
  work.end();
  const before = work.mark(DUCK, ['duck']);
  const other = work.mark(CAMERA, ['camera']);
  work.begin(DUCK);
  expect(work.mark(DUCK, ['duck'])).toBeUndefined();
  expect(work.mark(CAMERA, ['camera'])).toBe(other);
  work.end();
  expect(work.mark(DUCK, ['duck'])).not.toBe(before);
});

test('a service that several components share is under change for each of them when it is stopped for one', async () => {
  const work = plannedWork();
  const manager = work.through(memoryServices());
  work.end();
  const before = work.mark(CAMERA, ['runtime.service']);
  await manager.stop('runtime', 'switch');
  expect(work.mark(CAMERA, ['runtime.service'])).toBeUndefined();
  await manager.start('runtime', 'switch');
  expect(work.mark(CAMERA, ['runtime.service'])).toBeUndefined();
  work.end();
  expect(work.mark(CAMERA, ['runtime.service'])).not.toBe(before);
});
