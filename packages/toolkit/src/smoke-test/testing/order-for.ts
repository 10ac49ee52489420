/** Builders for tests and benches: the order to smoke-test a folder with a model and its goldens. */
import { createHash } from 'node:crypto';
import { lstatSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ReleasePath } from '@fairlead/shared/ids';
import { parse } from '@fairlead/shared/parse';
import { Manifest as ManifestSchema, type ModelContract, ReleaseFile } from '@fairlead/shared/release/manifest';
import type { OnnxSmokeTest, SmokeTest } from '@fairlead/shared/release/release-yaml';
import { Type } from 'typebox';
import { inspectModel } from '../inspect-model.ts';
import type { SmokeTestOrder } from '../smoke-test.ts';

/** The manifest's list of what lies in a folder now: regular files only, with their real digests. */
export function filesOf(folder: string): ReleaseFile[] {
  const paths = readdirSync(folder, { recursive: true, encoding: 'utf8' }).toSorted();
  const files = paths.flatMap((path) => {
    if (!lstatSync(join(folder, path)).isFile()) return [];
    const bytes = readFileSync(join(folder, path));
    return [{ path, mode: 0o644, size: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex') }];
  });
  return certain(Type.Array(ReleaseFile), files);
}

export const path = (text: string): ReleasePath => certain(ReleasePath, text);
/** One `onnx` entry of release.yaml. */
export const modelTest = (model: string, more: Omit<OnnxSmokeTest, 'model'> = {}): SmokeTest => ({
  onnx: { model: path(model), ...more },
});

/** An order for a folder. Without `models` the contracts are what the models themselves say, as at build time. */
export async function orderFor(
  folder: string,
  smokeTests: readonly SmokeTest[],
  more: { readonly models?: readonly ModelContract[]; readonly phase?: SmokeTestOrder['phase'] } = {},
): Promise<SmokeTestOrder> {
  const paths = smokeTests.flatMap((test) => ('onnx' in test ? [test.onnx.model] : []));
  const models = more.models ?? (await Promise.all(paths.map((path) => contractOf(folder, path))));
  const { component, version } = certain(Type.Pick(ManifestSchema, ['component', 'version']), {
    component: 'duck-policy',
    version: '1.0.0',
  });
  const manifest = { component, version, files: filesOf(folder), models: [...models], smokeTests: [...smokeTests] };
  return { folder, manifest, phase: more.phase ?? 'smoke-test' };
}

async function contractOf(folder: string, path: string): Promise<ModelContract> {
  const inspected = await inspectModel({ folder, path });
  if (!inspected.ok) throw new Error(`the test's own model is refused: ${inspected.refused.detail}`);
  return inspected.value;
}

function certain<S extends Parameters<typeof parse>[0]>(schema: S, value: unknown) {
  const parsed = parse(schema, value);
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.refused));
  return parsed.value;
}
