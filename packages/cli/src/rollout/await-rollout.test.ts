import { expect, test } from 'vitest';
import { runFairlead } from '../testing/run-fairlead.ts';
import { rollout } from '../testing/views.ts';

test.each(['manual_gate', 'awaits_switch', 'needs_approval'])(
  '--wait does not wait for ever for a person: %s',
  async (category) => {
    const why = {
      phase: 'assign',
      component: 'walking',
      element: 'ro_0123456789',
      category,
      detail: 'A person decides.',
      retryable: true,
      hint: 'Say it.',
    };
    const view = rollout({ blocked: { why } });
    let looks = 0;
    const show = () => {
      looks += 1;
      // Whoever looks again would look for ever; the second look ends it so that this test does.
      return looks === 1 ? view : { ...view, state: 'completed' };
    };
    const script = { 'POST /api/v1/rollouts': view, [`GET /api/v1/rollouts/${view.rollout}`]: show };
    const { exitCode, stderr } = await runFairlead('deploy --all --release walking@2.0.0 --staged --wait', { script });
    expect({ exitCode, looks }).toEqual({ exitCode: 1, looks: 1 });
    expect(stderr).toContain('Say it.');
  },
);

test('--wait on a rollout that reached no robot ends with exit code 3 and says who was left out', async () => {
  const why = {
    phase: 'assign',
    component: 'walking',
    element: 'ro_0123456789',
    category: 'no_robots',
    detail: 'It reached no robot: 2 of its target were left out.',
    retryable: true,
    hint: 'fairlead rollout robots ro_0123456789 --excluded',
  };
  const stopped = { by: 'control-plane', at: '2026-11-21T09:00:00.000Z', why };
  const view = rollout({ state: 'ended-without-robots', members: 0, stopped });
  const script = { 'POST /api/v1/rollouts': view, [`GET /api/v1/rollouts/${view.rollout}`]: view };
  const waited = await runFairlead('deploy --all --release walking@2.0.0 --staged --wait', { script });
  const watched = await runFairlead(`rollout watch ${view.rollout}`, { script });
  for (const { exitCode, stderr } of [waited, watched]) {
    expect(exitCode).toBe(3);
    expect(stderr).toContain('It reached no robot');
    expect(stderr).toContain('--excluded');
  }
});
