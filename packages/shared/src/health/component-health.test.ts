import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Refusal } from '../failure.ts';
import type { ComponentName } from '../ids.ts';
import { MINUTE, SECOND } from '../time.ts';
import { beginHealth, type Health, type Observation, observe, resumeDegraded } from './component-health.ts';
import { monitoringPolicy } from './monitoring-policy.ts';

const DUCK = 'duck-policy' as ComponentName;
const POLICY = monitoringPolicy();
const refusal = (category = 'health_check'): Refusal => ({
  phase: 'monitor',
  element: 'http',
  category,
  detail: 'answered 500',
  retryable: false,
  hint: '',
});
const pass: Observation = { check: 'http', verdict: 'healthy' };
const fail: Observation = { check: 'http', verdict: 'unhealthy', refusal: refusal() };
const doubt: Observation = { check: 'http', verdict: 'unknown', refusal: refusal('health_unknown') };
const restarts = (count: number, maxRestarts?: number): Observation => ({
  service: 'duck',
  restarts: count,
  ...(maxRestarts !== undefined && { maxRestarts }),
});

/** Feeds observations, one interval apart; returns the state after each. */
function states(observations: readonly Observation[], begin: Health = beginHealth(DUCK, ['http'])): string[] {
  let health = begin;
  return observations.map((observation, at) => {
    health = observe(health, observation, POLICY, at * POLICY.intervalMs);
    return health.state;
  });
}
const times = <T>(count: number, each: T): T[] => Array.from({ length: count }, () => each);

describe('a committed release', () => {
  test('is unknown until every check has passed once', () => {
    let health = beginHealth(DUCK, ['http', 'duck']);
    expect(health.state).toBe('unknown');
    health = observe(health, pass, POLICY, 0);
    expect(health.state).toBe('unknown');
    expect(observe(health, { check: 'duck', verdict: 'healthy' }, POLICY, 1).state).toBe('healthy');
  });

  test('is degraded after failureThreshold failed checks in a row, and not by fewer', () => {
    expect(states([pass, fail, fail, pass, fail, fail, fail])).toEqual([...times(6, 'healthy'), 'degraded']);
  });

  test('names the failed check as its refusal, and loses it when it recovers', () => {
    let health = beginHealth(DUCK, ['http']);
    for (let at = 0; at < 3; at += 1) health = observe(health, fail, POLICY, at);
    expect(health.refusal).toEqual(refusal());
    for (let at = 0; at < POLICY.recoveryThreshold; at += 1) health = observe(health, pass, POLICY, at);
    expect(health).toMatchObject({ state: 'healthy' });
    expect(health.refusal).toBeUndefined();
  });

  test('recovers only after twice as many passed checks in a row', () => {
    const seen = states([fail, fail, fail, ...times(5, pass), fail, ...times(6, pass)]);
    expect(seen.slice(2)).toEqual([...times(12, 'degraded'), 'healthy']);
  });

  test('whose check could not run is unknown and not healthy, and a degraded one stays degraded', () => {
    expect(states([pass, doubt, doubt, doubt, pass])).toEqual(['healthy', 'healthy', 'healthy', 'unknown', 'healthy']);
    expect(states([fail, fail, fail, ...times(20, doubt)]).at(-1)).toBe('degraded');
  });

  test('a check that could not run does not end a series of failures', () => {
    expect(states([fail, doubt, fail, doubt, fail]).at(-1)).toBe('degraded');
  });
});

describe('a service that restarts by itself', () => {
  test('every 12 s makes its release degraded within 40 s and never healthy again', () => {
    let health = observe(beginHealth(DUCK, ['duck']), restarts(0), POLICY, 0);
    let degradedAt: number | undefined;
    for (let now = 0; now <= 60 * MINUTE; now += POLICY.intervalMs) {
      health = observe(health, { check: 'duck', verdict: 'healthy' }, POLICY, now);
      health = observe(health, restarts(Math.floor(now / (12 * SECOND))), POLICY, now);
      if (health.state === 'degraded') degradedAt ??= now;
      if (degradedAt !== undefined) expect(health.state).toBe('degraded');
    }
    expect(degradedAt).toBeLessThanOrEqual(40 * SECOND);
    expect(health.refusal).toMatchObject({ element: 'duck', category: 'service_restarts', phase: 'monitor' });
  });

  test('once is no failure where nothing was declared, and is one where maxRestarts is 0', () => {
    const health = observe(beginHealth(DUCK, []), restarts(0), POLICY, 0);
    expect(observe(health, restarts(1), POLICY, 1).state).not.toBe('degraded');
    const strict = observe(beginHealth(DUCK, []), restarts(0, 0), POLICY, 0);
    expect(observe(strict, restarts(1, 0), POLICY, 1).state).toBe('degraded');
  });

  test.each([
    [0, 1, 'and was restarted within'],
    [1, 2, 'was restarted more than once within'],
    [3, 4, 'was restarted more than 3 times within'],
  ])('is described in plain words where %i are allowed', (allowed, count, text) => {
    const begun = observe(beginHealth(DUCK, []), restarts(0, allowed), POLICY, 0);
    expect(observe(begun, restarts(count, allowed), POLICY, 1).refusal?.detail).toContain(text);
  });

  test('rarely, over a long time, does not make its release degraded', () => {
    let health = observe(beginHealth(DUCK, ['duck']), restarts(0), POLICY, 0);
    for (let count = 1; count < 100; count += 1) {
      health = observe(health, restarts(count), POLICY, count * 11 * MINUTE);
      expect(health.state).not.toBe('degraded');
    }
  });

  test('a planned restart sets the counter back and is no failure', () => {
    let health = observe(beginHealth(DUCK, []), restarts(7, 0), POLICY, 0);
    health = observe(health, restarts(0, 0), POLICY, 1);
    expect(health.state).not.toBe('degraded');
    expect(observe(health, restarts(1, 0), POLICY, 2).state).toBe('degraded');
  });

  test('is healthy again only when it has not restarted for longer than the window', () => {
    let health = observe(beginHealth(DUCK, ['duck']), restarts(0, 0), POLICY, 0);
    health = observe(health, restarts(1, 0), POLICY, 0);
    const stateAt = (now: number): string => {
      for (let turn = 0; turn < POLICY.recoveryThreshold; turn += 1) {
        health = observe(health, { check: 'duck', verdict: 'healthy' }, POLICY, now);
      }
      return health.state;
    };
    expect(stateAt(POLICY.restartWindowMs + 1)).toBe('degraded');
    expect(stateAt(POLICY.restartQuietMs - 1)).toBe('degraded');
    expect(stateAt(POLICY.restartQuietMs)).toBe('healthy');
  });

  test('and was degraded before its robot rebooted is degraded until it has recovered', () => {
    const cause = { ...refusal('service_restarts'), element: 'duck' };
    let health = resumeDegraded(DUCK, ['duck'], cause, 0);
    for (let turn = 0; turn < 20; turn += 1) {
      health = observe(health, { check: 'duck', verdict: 'healthy' }, POLICY, turn * POLICY.intervalMs);
    }
    expect(health).toMatchObject({ state: 'degraded', refusal: cause });
    expect(observe(health, { check: 'duck', verdict: 'healthy' }, POLICY, POLICY.restartQuietMs).state).toBe('healthy');
  });
});

test('after any observations a release is healthy only after a pass of every check, and what is kept is bounded', () => {
  const observation = fc.oneof(
    fc.constantFrom(pass, fail, doubt),
    fc.nat(1000).map((count) => restarts(count)),
  );
  fc.assert(
    fc.property(fc.array(observation, { maxLength: 100 }), (observations) => {
      let health = beginHealth(DUCK, ['http']);
      let passed = false;
      observations.forEach((each, at) => {
        health = observe(health, each, POLICY, at * SECOND);
        passed ||= each === pass;
        if (health.state === 'healthy') expect(passed).toBe(true);
        if (health.state === 'degraded') expect(health.refusal).toBeDefined();
        expect(health.checks.size + health.services.size).toBeLessThanOrEqual(2);
        for (const { restartedAt } of health.services.values()) expect(restartedAt.length).toBeLessThanOrEqual(2);
      });
    }),
  );
});
