/**
 * What a smoke test costs on this machine: `node scripts/bench/smoke-test.ts [MODEL.onnx GOLDEN.json]...`
 * Without arguments: our own small policy and, where ../shared/data lies beside the project, real ones.
 */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { inspectModel } from '@fairlead/toolkit/smoke-test/inspect-model';
import type { Figures } from '@fairlead/toolkit/smoke-test/model-protocol';
import { runModelChild } from '@fairlead/toolkit/smoke-test/run-model-child';
import { filesOf, path } from '@fairlead/toolkit/smoke-test/testing/order-for';
import { makePolicy } from '../policies/make-policy.ts';

interface Subject {
  readonly name: string;
  readonly model: Uint8Array;
  readonly goldens: Uint8Array;
}
type Round = Figures & { readonly startMs: number; readonly wholeMs: number; readonly peakMb: number };
const ROUNDS = 5;
const DATA = fileURLToPath(new URL('../../../shared/data/models/', import.meta.url));
const REAL = ['lite3_ppo_v6', 'mjp_g1_policy', 'microban_walk', 'limx_hu_mimic_lin_encoder'];

function subjects(args: readonly string[]): readonly Subject[] {
  const read = (model: string, golden: string): Subject => ({
    name: model.replace(/.*\//, ''),
    model: readFileSync(model),
    goldens: readFileSync(golden),
  });
  if (args.length > 0) return args.flatMap((model, at) => (at % 2 === 0 ? [read(model, args[at + 1] ?? '')] : []));
  const { model, goldens } = makePolicy({ seed: 1 });
  const real = existsSync(DATA) ? REAL.map((name) => read(`${DATA}${name}.onnx`, `${DATA}${name}.golden.json`)) : [];
  return [{ name: 'own policy', model, goldens: Buffer.from(JSON.stringify(goldens)) }, ...real];
}

const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1] ?? 0;

/** One row: medians of five whole tests, each in a fresh process. */
async function measure({ name, model, goldens }: Subject, folder: string) {
  writeFileSync(join(folder, 'm.onnx'), model);
  writeFileSync(join(folder, 'g.json'), goldens);
  const inspected = await inspectModel({ folder, path: 'm.onnx' });
  if (!inspected.ok) return { model: name, refused: inspected.refused.category };
  const common = { folder, model: path('m.onnx'), files: filesOf(folder), contract: inspected.value };
  const order = { task: 'test' as const, ...common, test: { model: path('m.onnx') }, goldens: [path('g.json')] };
  const rounds: Round[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    const started = performance.now();
    const run = await runModelChild(order, { timeoutMs: 60_000, maxMemoryMb: 4096 });
    const wholeMs = performance.now() - started;
    const passed = run.ok ? run.value.said.find((message) => message.kind === 'passed') : undefined;
    if (!run.ok || !passed) return { model: name, refused: run.ok ? 'no verdict' : run.refused.category };
    rounds.push({ ...passed.figures, startMs: run.value.startMs, wholeMs, peakMb: run.value.peakMb });
  }
  const of = (key: keyof Round, digits = 0) => median(rounds.map((one) => one[key])).toFixed(digits);
  const rest = rounds.map((one) => one.wholeMs - one.startMs - one.loadMs);
  return {
    model: name,
    KB: Math.round(model.length / 1024),
    'start ms': of('startMs'),
    'load ms': of('loadMs'),
    'goldens, latency ms': median(rest).toFixed(0),
    'whole ms': of('wholeMs'),
    'p50 ms': of('p50Ms', 3),
    'p95 ms': of('p95Ms', 3),
    'peak MiB': of('peakMb'),
  };
}

const folder = mkdtempSync(join(tmpdir(), 'fairlead-bench-'));
try {
  const rows = [];
  for (const subject of subjects(process.argv.slice(2))) rows.push(await measure(subject, folder));
  console.table(rows);
} finally {
  rmSync(folder, { recursive: true });
}
