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
