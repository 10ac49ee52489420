import { expect, test } from 'vitest';
import type { ComponentName, Version } from '../ids.ts';
import { sampleManifest, withListByDigest } from '../release/testing/sample-manifest.ts';
import { decide, diskNeededMb, type RobotFacts } from './decide.ts';

const orin: RobotFacts = {
  arch: 'arm64',
  board: 'jetson-orin-nano',
  jetpack: '6.0',
  agentVersion: '1.2.0',
  memoryFreeMb: 4000,
  diskFreeMb: 10_000,
  components: new Map([['duck-runtime' as ComponentName, '2.1.0' as Version]]),
};
const release = (requires: object = {}) => sampleManifest(undefined, { requires });
const verdict = (requires: object, facts: Partial<RobotFacts> = {}) => {
  const decided = decide(release(requires), { ...orin, ...facts });
  return decided.ok ? 'accepted' : `${decided.refused.category} ${decided.refused.element}`;
};

test('a release that asks for nothing fits every robot', () => {
  expect(verdict({})).toBe('accepted');
});

// biome-ignore format: the table is read by column
test.each([
  [{ arch: ['arm64', 'x64'] },                                  {},                          'accepted'],
  [{ arch: ['x64'] },                                           {},                          'wrong_hw requires.arch'],
  [{ board: ['jetson-agx-*', 'jetson-orin-*'] },                {},                          'accepted'],
  [{ board: ['jetson-orin'] },                                  {},                          'wrong_hw requires.board'],
  [{ board: ['jetson.orin-*'] },                                {},                          'wrong_hw requires.board'],
  [{ board: ['*'] },                                            { board: undefined },        'wrong_hw requires.board'],
  [{ jetpack: '>=6.0' },                                        {},                          'accepted'],
  [{ jetpack: '>=6.0' },                                        { jetpack: '6.1.0-rc.1' },   'accepted'],
  [{ jetpack: '>=6.1' },                                        {},                          'wrong_hw requires.jetpack'],
  [{ jetpack: '>=6.0' },                                        { jetpack: undefined },      'wrong_hw requires.jetpack'],
  [{ minAgent: '1.1.0' },                                       {},                          'accepted'],
  [{ minAgent: '>=1.3' },                                       {},                          'agent_too_old requires.minAgent'],
  [{ components: { 'duck-runtime': '>=2.0.0' } },               {},                          'accepted'],
  [{ components: { 'duck-runtime': '^3.0.0' } },                {},                          'missing_component requires.components.duck-runtime'],
  [{ components: { navigation: '*' } },                         {},                          'missing_component requires.components.navigation'],
  [{ minFreeMemoryMb: 5000 },                                   {},                          'low_memory requires.minFreeMemoryMb'],
  [{ minFreeMemoryMb: 5000 },                                   { memoryFreeMb: undefined }, 'accepted'],
  [{ minFreeDiskMb: 10_000 },                                   {},                          'disk_full requires.disk'],
  [{ arch: ['x64'], minFreeMemoryMb: 5000 },                    {},                          'wrong_hw requires.arch'],
])('a release that requires %j meets a robot with %j: %s', (requires, facts, expected) => {
  expect(verdict(requires, facts)).toBe(expected);
});

test('the disk must hold the bundle and the unpacked tree at once', () => {
  const manifest = sampleManifest(undefined, {
    bundle: { format: 'tar+zstd', size: 200 * 1024 * 1024, sha256: '0'.repeat(64) },
  });
  expect(diskNeededMb(manifest)).toBe(265);
  expect(decide(manifest, { ...orin, diskFreeMb: 264 })).toMatchObject({
    ok: false,
    refused: { category: 'disk_full' },
  });
  expect(decide(manifest, { ...orin, diskFreeMb: 265 }).ok).toBe(true);
});

test('of many small files the blocks of the disk are counted, and the list that names them', () => {
  const files = Array.from({ length: 20_000 }, (_, index) => ({ path: `lib/module_${index}.py`, content: 'x' }));
  const small = sampleManifest([{ path: 'policy.onnx', content: 'x' }]);
  const many = withListByDigest(sampleManifest(files)).manifest;
  expect(diskNeededMb(many) - diskNeededMb(small)).toBeGreaterThan(78);
});

test('a release that names its files by digest is offered to no agent that can’t read it, and to no robot twice', () => {
  const { manifest } = withListByDigest(sampleManifest());
  const old = decide(manifest, { ...orin, agentVersion: '0.0.9' });
  expect(old).toMatchObject({ ok: false, refused: { category: 'agent_too_old', retryable: false } });
  expect(decide(manifest, { ...orin, agentVersion: '0.1.0' }).ok).toBe(true);
  expect(decide(manifest, { ...orin, agentVersion: '0.1.0-dev.main.1a2b3c4d' }).ok).toBe(true);
  expect(decide(sampleManifest(), { ...orin, agentVersion: '0.0.9' }).ok).toBe(true);
});
