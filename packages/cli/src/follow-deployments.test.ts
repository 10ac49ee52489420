import { DeploymentView } from '@fairlead/shared/fleet/deployment-view';
import { Explanation } from '@fairlead/shared/fleet/explanation';
import type { DeploymentState } from '@fairlead/shared/fleet/states';
import { parse } from '@fairlead/shared/parse';
import type { Static, TSchema } from 'typebox';
import { expect, test } from 'vitest';
import { followDeployments } from './follow-deployments.ts';
import { deployment } from './testing/views.ts';

function valid<S extends TSchema>(schema: S, value: unknown): Static<S> {
  const parsed = parse(schema, value);
  if (parsed.ok) return parsed.value;
  throw new Error(JSON.stringify(parsed.refused));
}

/** A robot that shows these states, one per look; each explanation is given as long as it is the next one. */
async function follow(states: DeploymentState[], explanations: string[], quietMs = 0): Promise<string[]> {
  const said: string[] = [];
  const views = states.map((state) => valid(DeploymentView, deployment(state)));
  await followDeployments(
    {
      out: {
        line: (text) => void said.push(text),
        progress: () => ({ set: () => {}, stop: () => {} }),
        warn: (text) => void said.push(text),
      },
      operator: {
        showDeployment: () => Promise.resolve({ deployment: views.shift() ?? never(), events: [] }),
        explainRobot: () => {
          const sentence = (explanations.length > 1 ? explanations.shift() : explanations[0]) ?? 'It works.';
          const blocked = sentence.startsWith('It waits');
          return Promise.resolve(valid(Explanation, { robot: 'duck-1', sentence, blocked, unblock: 'Help it.' }));
        },
      },
      pace: { pollMs: 1, quietMs },
    },
    [valid(DeploymentView, deployment('pending'))],
  );
  return said;
}
const never = (): never => {
  throw new Error('asked again after the end');
};

test('every change is told once', async () => {
  const said = await follow(['pending', 'downloading', 'downloading', 'probation', 'succeeded'], [], 60_000);
  expect(said.map((line) => line.split(' ').at(-1))).toEqual(['downloading', 'probation', 'succeeded']);
});

test('a robot that does not move is asked why, and each answer is told once', async () => {
  const said = await follow(
    ['offered', 'offered', 'offered', 'offered', 'offered', 'succeeded'],
    ['It waits: no room.', 'It waits: no room.', 'It waits for its window.'],
  );
  expect(said).toEqual([
    'duck-1: walking@2.0.0 offered',
    'It waits: no room. Help it.',
    'It waits for its window. Help it.',
    'duck-1: walking@2.0.0 succeeded',
  ]);
});

test('a robot that works quietly is left in peace', async () => {
  expect(await follow(['pending', 'pending', 'succeeded'], ['It downloads.'])).toHaveLength(1);
});
