/** Tries the goldens on wrong models: goldens that a wrong model passes do not prove that a model is right. */
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { GoldenCase } from '@fairlead/shared/release/golden';
import type { OnnxSmokeTest } from '@fairlead/shared/release/release-yaml';
import { InferenceSession } from 'onnxruntime-node';
import type { Mutants } from '../model-protocol.ts';
import { ask, toFeeds } from './ask.ts';
import { type OutputChange, outputChanges, spread } from './change-outputs.ts';
import { checkCases } from './check-goldens.ts';
import { compare, largestExpected, toleranceOf } from './compare.ts';
import { allowsNonFinite, expectedValues } from './expected-values.ts';
import { type OpenModel, SESSION } from './open-model.ts';
import { type Layer, layersOf } from './zero-weights.ts';

interface Trial {
  readonly folder: string;
  readonly test: OnnxSmokeTest;
  /** Goldens that the model passes. */
  readonly cases: readonly GoldenCase[];
  /** No further mutant is begun after this instant of `performance.now()`. */
  readonly until: number;
}

const MAX_LAYERS = 10;
/** A mutant is a copy of the model: larger models are not tried. */
const MAX_MODEL_BYTES = 256 * 2 ** 20;

/** Layers one by one, then the outputs. Mutants for which no time is left are not counted as tried. */
export async function tryMutants(model: OpenModel, trial: Trial, doing: (what: string) => void): Promise<Mutants> {
  const outputs = await tryOutputs(model, trial);
  const weights = await tryLayers(model, trial, doing);
  const missed = [...weights.missed, ...outputs.missed];
  return { tried: weights.tried + outputs.tried, missed: missed.slice(0, 100).map((name) => name.slice(0, 300)) };
}

interface Outcome {
  readonly tried: number;
  readonly missed: readonly string[];
}

async function tryOutputs(model: OpenModel, { test, cases, until }: Trial): Promise<Outcome> {
  const largest = new Map(model.contract.outputs.map(({ name }) => [name, largestExpected(cases, name)]));
  let changes: readonly OutputChange[] | undefined;
  const noticed = new Set<OutputChange>();
  for (const golden of cases) {
    const feeds = toFeeds(model, golden.inputs);
    const expected = expectedValues(test, golden.case, golden);
    if (!feeds.ok || !expected.ok) break;
    const nonFinite = [...expected.value.keys()].filter((name) => allowsNonFinite(test, name));
    const answer = await ask(model, golden.case, feeds.value, nonFinite);
    if (!answer.ok || performance.now() > until) break;
    changes ??= outputChanges(answer.value.tensors);
    for (const [output, wanted] of expected.value) {
      const got = answer.value.values[output] ?? [];
      const type = answer.value.tensors[output]?.type ?? '';
      const tolerance = toleranceOf(test, output, type, largest.get(output) ?? 0);
      for (const change of changes) {
        if (change.output !== output || noticed.has(change)) continue;
        if (compare(change.apply(got), wanted, tolerance)) noticed.add(change);
      }
    }
  }
  const missed = (changes ?? []).filter((change) => !noticed.has(change)).map(({ name }) => name);
  return { tried: changes?.length ?? 0, missed };
}

async function tryLayers(model: OpenModel, trial: Trial, doing: (what: string) => void): Promise<Outcome> {
  const file = join(trial.folder, model.contract.path);
  const bytes = await readFile(file);
  if (bytes.length > MAX_MODEL_BYTES) return { tried: 0, missed: [] };
  const layers = layersOf(bytes);
  const chosen = spread(layers.length, MAX_LAYERS).flatMap((at) => layers[at] ?? []);
  // Loaded from memory, ONNX Runtime looks for weights in other files in the current folder.
  process.chdir(dirname(file));
  const missed: string[] = [];
  let tried = 0;
  for (const layer of chosen) {
    if (performance.now() > trial.until) break;
    doing(`trying the goldens with the weights "${layer.name}" zeroed`);
    tried += 1;
    if (!(await notices(model, trial, layer))) missed.push(`weights "${layer.name}" zeroed`);
  }
  return { tried, missed };
}

/** Whether the goldens refuse this mutant; one that cannot be loaded at all is noticed too. */
async function notices(model: OpenModel, { test, cases }: Trial, layer: Layer): Promise<boolean> {
  const session = await InferenceSession.create(layer.zeroed(), SESSION).catch(() => undefined);
  if (!session) return true;
  try {
    return !(await checkCases({ ...model, session }, test, cases, () => undefined)).ok;
  } finally {
    await session.release();
  }
}
