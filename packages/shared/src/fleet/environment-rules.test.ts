import { expect, test } from 'vitest';
import type { ComponentName, Version } from '../ids.ts';
import { parse } from '../parse.ts';
import {
  type AutoDeploy,
  channelOf,
  directOrderForbidden,
  EnvironmentRules,
  matchesAutoDeploy,
  RULE_PRESETS,
} from './environment-rules.ts';

const rules = (autoDeploy: readonly AutoDeploy[]): EnvironmentRules => ({
  ...RULE_PRESETS.fresh.development,
  autoDeploy: [...autoDeploy],
});
const release = (version: string, branch?: string) => ({
  component: 'duck-policy' as ComponentName,
  version: version as Version,
  ...(branch !== undefined && { branch }),
});
const rule = (more: Partial<AutoDeploy>): AutoDeploy => ({
  component: '*',
  channel: '*',
  selector: 'environment=development',
  ...more,
});

test.each([
  ['2.1.0', 'stable'],
  ['2.1.0+arm64', 'stable'],
  ['2.1.0-dev.my-branch.1a2b3c4d', 'dev'],
  ['2.1.0-rc.1+arm64', 'rc'],
  ['2.1.0+arm64-debug.1', 'stable'],
])('%s is of the channel %s', (version, channel) => {
  expect(channelOf(version as Version)).toBe(channel);
});

test.each([
  [{}, '2.1.0', true],
  [{ component: 'duck-policy' }, '2.1.0', true],
  [{ component: 'navigation' }, '2.1.0', false],
  [{ channel: 'dev' }, '2.1.0-dev.fix.1', true],
  [{ channel: 'dev' }, '2.1.0', false],
  [{ channel: 'stable' }, '2.1.0-rc.1', false],
  [{ channel: 'r*' }, '2.1.0-rc.1', true],
  [{ branch: 'release/*' }, '2.1.0', false],
] as const)('by the rule %o, %s is deployed by itself: %s', (more, version, expected) => {
  expect(matchesAutoDeploy(rules([rule(more)]), release(version)).length > 0).toBe(expected);
});

test.each([
  ['main', 'main', true],
  ['main', 'maintenance', false],
  ['release/*', 'release/2.1', true],
  ['release/*', 'pre-release/2.1', false],
  ['*/fix-*', 'jo/fix-gait', true],
  ['a*a', 'a', false],
  ['*', '', true],
])('the branch pattern %s fits %s: %s', (branch, built, expected) => {
  expect(matchesAutoDeploy(rules([rule({ branch })]), release('2.1.0', built)).length > 0).toBe(expected);
});

test('nothing is deployed by itself on a fresh install, and one person can do everything', () => {
  for (const fresh of Object.values(RULE_PRESETS.fresh)) {
    expect(matchesAutoDeploy(fresh, release('2.1.0'))).toEqual([]);
    expect(fresh).toMatchObject({ approvals: 'none', staged: false });
  }
});

test('what is recommended deploys to development alone, and asks two people and stages in production', () => {
  const { development, staging, production } = RULE_PRESETS.recommended;
  expect(matchesAutoDeploy(development, release('2.1.0-dev.x.1'))).toHaveLength(1);
  expect([staging, production].flatMap((each) => matchesAutoDeploy(each, release('2.1.0')))).toEqual([]);
  expect([staging.approvals, production.approvals, production.staged]).toEqual(['one', 'two', true]);
});

test('every preset is what the schema allows', () => {
  const all = Object.values(RULE_PRESETS).flatMap((preset) => Object.values(preset));
  expect(all.map((each) => parse(EnvironmentRules, each).ok)).toEqual(all.map(() => true));
});

test('where people must agree, not even one robot is changed around them; where it must be staged, one may be', () => {
  const { fresh, recommended } = RULE_PRESETS;
  const forbids = (rule: EnvironmentRules, robots: number) =>
    directOrderForbidden('production', rule, robots)?.category;
  expect(forbids(fresh.production, 10_000)).toBeUndefined();
  expect(forbids(recommended.production, 1)).toBe('needs_approval');
  expect(forbids(recommended.staging, 1)).toBe('needs_approval');
  expect(forbids({ ...fresh.production, staged: true }, 2)).toBe('needs_rollout');
  expect(forbids({ ...fresh.production, staged: true }, 1)).toBeUndefined();
  // As it is written, the command line accepts it.
  const hint = directOrderForbidden('production', recommended.production, 1)?.hint;
  expect(hint).toContain('--emergency --force --reason TEXT');
});
