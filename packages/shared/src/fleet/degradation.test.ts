import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Refusal } from '../failure.ts';
import { countedState, type Degradation, withDegradation, withoutDegradation } from './degradation.ts';
import { DEPLOYMENT_STATES, type DeploymentState } from './states.ts';

const refusal = (category: string, element = 'policy'): Refusal => ({
  phase: 'probation',
  element,
  category,
  detail: `${element}: ${category}.`,
  retryable: true,
  hint: 'Look at it.',
});
const found = (source: Degradation['source'], category: string): Degradation => ({
  source,
  refusal: refusal(category),
});
const of = (state: DeploymentState) => ({ state, robot: 'duck-1' }) as { state: DeploymentState; robot: string };

describe('a committed release', () => {
  test('is degraded by a failed health check, with its refusal, and succeeds again when the check passes', () => {
    const unhealthy = withDegradation(of('succeeded'), found('health', 'restarts'));
    expect(unhealthy).toMatchObject({ state: 'degraded', refusal: { category: 'restarts' }, robot: 'duck-1' });
    expect(withoutDegradation(unhealthy, ({ source }) => source === 'health')).toEqual(of('succeeded'));
  });

  test('that an alarm has degraded stays so when its health checks pass', () => {
    const both = withDegradation(withDegradation(of('succeeded'), found('alarm', 'corrupt')), found('health', 'http'));
    const alarmed = withoutDegradation(both, ({ source }) => source === 'health');
    expect(alarmed).toMatchObject({ state: 'degraded', refusal: { category: 'corrupt' } });
    expect(withoutDegradation(alarmed, ({ source }) => source === 'alarm').state).toBe('succeeded');
  });

  test('is degraded once by the same finding, and by the newest of its health checks', () => {
    const once = withDegradation(of('succeeded'), found('health', 'http'));
    expect(withDegradation(once, found('health', 'http'))).toBe(once);
    expect(withDegradation(once, found('health', 'restarts'))).toMatchObject({
      refusal: { category: 'restarts' },
      degradedBy: [{ source: 'health' }],
    });
  });
});

test('after any findings and their ends a release that was not installed keeps its state, and one that was is degraded while a finding is left', () => {
  const finding = fc.tuple(fc.constantFrom('health', 'alarm', 'silence'), fc.constantFrom('a1', 'b2', 'c3'));
  const move = fc.record({ finding, isOver: fc.boolean() });
  fc.assert(
    fc.property(fc.constantFrom(...DEPLOYMENT_STATES), fc.array(move, { maxLength: 12 }), (state, moves) => {
      fc.pre(state !== 'degraded');
      let deployment: ReturnType<typeof of> & { degradedBy?: readonly Degradation[]; refusal?: Refusal } = of(state);
      for (const { finding: given, isOver } of moves) {
        const [source, category] = given;
        deployment = isOver
          ? withoutDegradation(deployment, (one) => one.source === source && one.refusal.category === category)
          : withDegradation(deployment, found(source, category));
        const left = deployment.degradedBy ?? [];
        const isInstalled = state === 'succeeded' || state === 'skipped';
        if (!isInstalled) expect(deployment).toEqual(of(state));
        else expect(countedState(deployment)).toBe(left.length > 0 ? 'degraded' : state);
        if (state === 'skipped') expect(deployment.state).toBe('skipped');
        expect(deployment.refusal).toEqual(left[0]?.refusal);
      }
    }),
  );
});
