import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { ComponentName, RobotId, Sha256, Version } from '../ids.ts';
import { parse } from '../parse.ts';
import { isReservedLabel, type Labelled, labelSafe, labelsOf, RESERVED_LABELS } from './labels-of.ts';
import { type ComponentState, type Inventory, Labels } from './robot-facts.ts';
import { matches, parseSelector } from './selector.ts';

const inventory: Inventory = {
  hostname: 'duck-1',
  arch: 'arm64',
  board: 'jetson-orin-nano',
  jetpack: '6.0',
  os: 'Ubuntu 22.04.4 LTS',
  kernel: '5.15',
  cpu: 'Cortex-A78AE',
  cores: 6,
  memoryMb: 8000,
  diskMb: 64000,
  agentVersion: '0.2.0+arm64',
  nodeVersion: '24.21.0',
};
const runs = (component: string, version: string): ComponentState => ({
  component: component as ComponentName,
  active: { version: version as Version, manifestSha256: 'a'.repeat(64) as Sha256, releaseCounter: 1 },
});
const duck: Labelled = {
  robot: 'duck-1' as RobotId,
  environment: 'production',
  group: 'ducks',
  labels: { site: 'munich' },
  lifecycle: 'accepted',
  inventory,
  components: [runs('duck-policy', '2.1.0'), runs('navigation', '1.0.0-rc.1+b7')],
};
const chooses = (text: string, robot = duck) => {
  const selector = parseSelector(text);
  return selector.ok && matches(selector.value, labelsOf(robot));
};

test.each([
  'arch=arm64,board in (jetson-orin-nano,jetson-agx),jetpack=6.0',
  'os=Ubuntu-22.04.4-LTS',
  'agent-version=0.2.0_arm64',
  'lifecycle=accepted,site=munich',
  'running/duck-policy=2.1.0,running/navigation=1.0.0-rc.1_b7',
  'running/duck-policy,!running/gripper',
  'running/duck-policy!=2.0.0',
])('a robot is found by what it is and runs: %s', (selector) => {
  expect(chooses(selector)).toBe(true);
});

test('a robot that never spoke has no label of its hardware, whatever somebody wrote on it', () => {
  const { inventory: _, components: __, ...silent } = duck;
  expect(
    chooses('!arch,!board,!running/duck-policy', { ...silent, labels: { board: 'x', 'running/duck-policy': '9' } }),
  ).toBe(true);
});

test('no free label ever shadows a reserved key', () => {
  const keys = fc.constantFrom(...RESERVED_LABELS, 'running/duck-policy', 'site');
  fc.assert(
    fc.property(fc.dictionary(keys, fc.constantFrom('evil', '')), (labels) => {
      const all = labelsOf({ ...duck, labels });
      const { site: _, ...known } = labelsOf({ ...duck, labels: {} });
      expect(all).toMatchObject(known);
      expect(Object.keys(all).filter(isReservedLabel).sort()).toEqual(Object.keys(known).sort());
    }),
  );
});

test('whatever a robot says of itself becomes a value that a selector can name', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 100 }), (text) => {
      expect(parse(Labels, { os: labelSafe(text) }).ok).toBe(true);
    }),
  );
});
