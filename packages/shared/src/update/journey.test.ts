import { expect, test } from 'vitest';
import type { Refusal } from '../failure.ts';
import type { ComponentName, DeploymentId, Sha256, Version } from '../ids.ts';
import { parse } from '../parse.ts';
import { Journal } from './journal.ts';
import { begin, JOURNEY, pause, resume, settle } from './journey.ts';
import { STEPS, type Step } from './step.ts';

const NOW = 1_800_000_000_000;
const release = (version: string) => ({
  component: 'duck' as ComponentName,
  version: version as Version,
  manifestSha256: 'a'.repeat(64) as Sha256,
  releaseCounter: 1,
});
const order = {
  deployment: 'dep_0123456789' as DeploymentId,
  component: 'duck' as ComponentName,
  candidate: release('2.0.0'),
};
const at = (step: Step, more: Partial<Journal> = {}): Journal => ({
  ...begin(order, release('1.0.0'), NOW),
  step,
  ...more,
});
const refused = (category: string): { ok: false; refused: Refusal } => ({
  ok: false,
  refused: { phase: 'verify', element: 'x', category, detail: 'd', retryable: false, hint: 'h' },
});

test('an update in which nothing fails walks the table from download to done', () => {
  const walked: string[] = [];
  let journal = begin(order, undefined, NOW);
  for (; journal.step !== 'done'; journal = settle(journal, { ok: true }, NOW)) walked.push(journal.step);
  expect(walked).toEqual(STEPS.filter((step) => step !== 'roll-back' && step !== 'discard'));
  expect(journal.outcome).toBe('succeeded');
});

test('every journal the reducers write can be read back by the schema', () => {
  for (const step of STEPS) {
    for (const next of [
      settle(at(step), { ok: true }, NOW),
      settle(at(step), refused('hash'), NOW),
      resume(at(step), NOW),
      pause(at(step)),
    ]) {
      expect(parse(Journal, JSON.parse(JSON.stringify(next)))).toMatchObject({ ok: true });
    }
  }
});

test('a release refused before the switch is discarded and never rolled back', () => {
  const journal = settle(at('verify'), refused('hash'), NOW);
  expect(journal).toMatchObject({ step: 'discard', outcome: 'rejected', refusal: { category: 'hash' } });
});

test('a release that fails its probation is rolled back, and says why', () => {
  const turned = settle(at('probation'), refused('health_check'), NOW);
  expect(turned).toMatchObject({ step: 'roll-back', outcome: 'rolled-back' });
  const ended = settle(settle(turned, { ok: true }, NOW), refused('disk_full'), NOW);
  expect(ended).toMatchObject({ step: 'report', outcome: 'rolled-back', refusal: { category: 'health_check' } });
});

test('a switch whose time has passed goes back to waiting and is no failure', () => {
  const journal = settle(at('switch'), { ...refused('outside_window'), notNow: true }, NOW);
  expect(journal).toMatchObject({ step: 'wait', starts: 1 });
  expect(journal.outcome).toBeUndefined();
});

test('a commit that fails is tried again and never turns into a roll-back', () => {
  expect(settle(at('commit'), refused('disk_full'), NOW)).toMatchObject({ step: 'commit', starts: 2 });
  expect(settle(at('commit'), refused('disk_full'), NOW).outcome).toBeUndefined();
});

test('a smoke test that a kill, a reboot or a power cut interrupted is repeated once', () => {
  expect(resume(at('smoke-test'), NOW)).toMatchObject({ step: 'smoke-test', starts: 2 });
});

test('a smoke test that was interrupted twice is not begun again, and the reason suspects the release', () => {
  const ended = resume(at('smoke-test', { starts: 2 }), NOW);
  expect(ended).toMatchObject({ step: 'discard', outcome: 'failed', refusal: { category: 'interrupted' } });
  expect(ended.refusal?.detail).toContain('2 times');
  expect(ended.refusal?.detail).toContain('model of this release may take the whole machine down');
  expect(ended.refusal?.hint).toContain('another machine');
});

test('a planned stop of the agent in mid-test costs no start', () => {
  const woken = resume(pause(at('smoke-test')), NOW);
  expect(woken).toMatchObject({ step: 'smoke-test', starts: 1 });
  expect(woken.paused).toBeUndefined();
});

test('a power cut costs one start, and the last one too many ends the step', () => {
  expect(resume(at('switch', { starts: 2 }), NOW)).toMatchObject({ step: 'switch', starts: 3 });
  expect(resume(at('switch', { starts: 3 }), NOW)).toMatchObject({ step: 'roll-back', outcome: 'rolled-back' });
});

test('a cancellation is obeyed before the switch, also after a restart, and never after it', () => {
  const cancelRequested = true;
  for (const step of STEPS) {
    const before = STEPS.indexOf(step) < STEPS.indexOf('switch');
    const settled = settle(at(step, { cancelRequested }), { ok: true }, NOW);
    const resumed = resume(at(step, { cancelRequested }), NOW);
    expect([settled.outcome === 'cancelled', resumed.outcome === 'cancelled']).toEqual([before, before]);
    if (before) expect(settled.step).toBe(JOURNEY[step].onFailure);
  }
});
