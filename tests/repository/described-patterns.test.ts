/** A person reads the description of a pattern where a value does not fit it; a regular expression helps nobody. */
import { AgentYaml } from '@fairlead/agent/config';
import { operatorApi } from '@fairlead/shared/api/operator-api';
import { NO_CONTROL_CHARACTERS } from '@fairlead/shared/bounds';
import { ReleaseYaml } from '@fairlead/shared/release/release-yaml';
import { expect, test } from 'vitest';

/** Where a schema has a pattern without a description. */
function* bare(schema: unknown, place: string): Generator<string> {
  if (typeof schema !== 'object' || schema === null) return;
  const entries = Object.entries(schema);
  const { pattern, description } = Object.fromEntries(entries) as Readonly<Record<string, unknown>>;
  // parse.ts has words of its own for this one.
  const isDescribed = description !== undefined || pattern === NO_CONTROL_CHARACTERS;
  if (typeof pattern === 'string' && !isDescribed) yield `${place}: ${pattern}`;
  for (const [key, inner] of entries) yield* bare(inner, `${place}.${key}`);
}

test('every pattern of release.yaml and agent.yaml is described in words', () => {
  expect([...bare(ReleaseYaml, 'release.yaml'), ...bare(AgentYaml, 'agent.yaml')]).toEqual([]);
});

test('every pattern that a person can fill in through the API is described in words', () => {
  const wrong = Object.entries(operatorApi).flatMap(([name, route]) => {
    const { params, query, body } = route as { params?: unknown; query?: unknown; body?: unknown };
    return [...bare({ params, query, body }, name)];
  });
  expect(wrong).toEqual([]);
});
