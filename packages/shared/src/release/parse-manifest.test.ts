import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Manifest } from './manifest.ts';
import { identify, manifestBytes, parseManifest } from './parse-manifest.ts';
import { sampleManifest } from './testing/sample-manifest.ts';

const encode = (text: string) => new TextEncoder().encode(text);
const text = (manifest: Manifest) => new TextDecoder().decode(manifestBytes(manifest));
const refusalOf = (bytes: Uint8Array) => {
  const parsed = parseManifest(bytes);
  return parsed.ok ? undefined : parsed.refused;
};
const categoryOf = (manifest: Manifest) => refusalOf(manifestBytes(manifest))?.category;
const model = (path: string, externalData: string[] = []) => ({
  path,
  inputs: [],
  outputs: [{ name: 'action', dtype: 'float32', shape: [1, 12] }],
  opsets: { 'ai.onnx': 17 },
  externalData,
});

test('a manifest is read back from its own bytes', () => {
  const smokeTests = [{ onnx: { model: 'policy.onnx', rtol: 1e-3, goldens: 'goldens/*.json' } }];
  const manifest = sampleManifest([{ path: 'policy.onnx' }], {
    description: 'Two lines,\nwith "quotes" and €.',
    smokeTests,
    models: [model('policy.onnx')],
  });
  expect(parseManifest(manifestBytes(manifest))).toEqual({ ok: true, value: manifest });
});

test('a release is named by what people say and by its digest', () => {
  const manifest = sampleManifest();
  const { component, version, manifestSha256 } = identify(manifest, manifestBytes(manifest));
  expect([component, version]).toEqual(['duck-policy', '2.1.0']);
  expect(manifestSha256).toMatch(/^[0-9a-f]{64}$/);
});

test('another text of the same manifest is refused: it would be a second identity', () => {
  const manifest = sampleManifest();
  const pretty = JSON.stringify(JSON.parse(text(manifest)), null, 1);
  for (const other of [pretty, ` ${text(manifest)}`, `${text(manifest)}\n`, text(manifest).replace('420', '4.2e2')]) {
    expect(refusalOf(encode(other))?.category).toBe('not_canonical');
  }
});

test('a member written twice is refused', () => {
  const twice = text(sampleManifest()).replace('{', '{"version":"9.9.9",');
  expect(refusalOf(encode(twice))?.category).toBe('bad_json');
});

test('an unknown key is told with its place', () => {
  const bent = text(sampleManifest()).replace('"models"', '"modles"');
  expect(refusalOf(encode(bent))?.detail).toContain('unknown key modles; did you mean models?');
});

test('a manifest that no robot would hold is refused before it is read', () => {
  expect(refusalOf(new Uint8Array(300_000))?.category).toBe('too_big');
});

test('files out of order are refused', () => {
  const manifest = sampleManifest([{ path: 'a' }, { path: 'b' }]);
  expect(categoryOf({ ...manifest, files: manifest.files.toReversed() })).toBe('bad_manifest');
});

test('twins and files over folders are refused', () => {
  expect(categoryOf(sampleManifest([{ path: 'A' }, { path: 'a' }]))).toBe('path');
  expect(categoryOf(sampleManifest([{ path: 'a' }, { path: 'a/b' }]))).toBe('path');
});

test('a model, its weights or its smoke test outside the release is refused', () => {
  const outside = [
    { models: [model('other.onnx')] },
    { models: [model('policy.onnx', ['weights.bin'])] },
    { smokeTests: [{ onnx: { model: 'policy.onnx', requireGoldens: false } }] },
  ];
  for (const bend of outside) expect(categoryOf(sampleManifest(undefined, bend))).toBe('bad_manifest');
});

test('whatever bytes come, the answer is a value', () => {
  const bytes = manifestBytes(sampleManifest());
  fc.assert(
    fc.property(fc.nat(bytes.length - 1), fc.integer({ min: 1, max: 255 }), (at, mask) => {
      const bent = bytes.slice();
      bent[at] = (bent[at] ?? 0) ^ mask;
      const parsed = parseManifest(bent);
      // A bent byte may still be a manifest, but never the same one under another text.
      if (parsed.ok) expect(manifestBytes(parsed.value)).toEqual(bent);
    }),
  );
});
