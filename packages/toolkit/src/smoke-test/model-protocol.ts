/**
 * What parent and child say to each other: one order and one go-ahead, a line each on stdin, and lines of JSON on descriptor 3. The parent
 * parses every line with these schemas: a child taken over by its model can lie about the model, nothing more.
 */

import { ReleasePath } from '@fairlead/shared/ids';
import { GoldenCase, GoldenInputs } from '@fairlead/shared/release/golden';
import { ModelContract, ReleaseFile } from '@fairlead/shared/release/manifest';
import { OnnxSmokeTest } from '@fairlead/shared/release/release-yaml';
import { type Static, Type } from 'typebox';
import { Finding } from './findings.ts';

const closed = { additionalProperties: false };
const where = { folder: Type.String(), model: ReleasePath };

/** After this time no further mutant is tried. */
const trialMs = Type.Number({ minimum: 0 });

export const ModelOrder = Type.Union([
  Type.Object({ task: Type.Literal('inspect'), ...where }, closed),
  Type.Object(
    {
      task: Type.Literal('test'),
      ...where,
      /** The release's allow-list: digests are checked before the model is opened. */
      files: Type.Array(ReleaseFile),
      contract: ModelContract,
      test: OnnxSmokeTest,
      goldens: Type.Array(ReleasePath),
    },
    closed,
  ),
  Type.Object(
    {
      task: Type.Literal('assess'),
      ...where,
      files: Type.Array(ReleaseFile),
      test: OnnxSmokeTest,
      goldens: Type.Array(ReleasePath),
      trialMs,
    },
    closed,
  ),
  Type.Object(
    {
      task: Type.Literal('make-goldens'),
      ...where,
      inputs: GoldenInputs,
      /** Outputs whose values need not be finite. */
      nonFinite: Type.Array(Type.String()),
      test: OnnxSmokeTest,
      trialMs,
    },
    closed,
  ),
]);
export type ModelOrder = Static<typeof ModelOrder>;
export type TestOrder = Extract<ModelOrder, { task: 'test' }>;

const ms = Type.Number({ minimum: 0 });
export const Figures = Type.Object(
  {
    loadMs: ms,
    firstRunMs: ms,
    p50Ms: ms,
    p95Ms: ms,
    p99Ms: ms,
    runs: Type.Integer({ minimum: 0 }),
    disturbedRuns: Type.Integer({ minimum: 0 }),
    peakMemoryMb: Type.Number({ minimum: 0 }),
    cases: Type.Integer({ minimum: 0 }),
  },
  closed,
);
export type Figures = Static<typeof Figures>;

/** One way in which goldens prove little; codes are stable. */
export const Weakness = Type.Object(
  {
    code: Type.Enum([
      'no_goldens',
      'one_case',
      'same_case_twice',
      'zero_inputs',
      'nothing_compared',
      'wide_tolerance',
      'constant_passes',
    ]),
    detail: Type.String({ maxLength: 500 }),
  },
  closed,
);
export type Weakness = Static<typeof Weakness>;
/** How many wrong models were tried, and the names of those that the goldens do not notice. */
export const Mutants = Type.Object(
  { tried: Type.Integer({ minimum: 0 }), missed: Type.Array(Type.String({ maxLength: 300 }), { maxItems: 100 }) },
  closed,
);
export type Mutants = Static<typeof Mutants>;

export const ChildMessage = Type.Union([
  /** ONNX Runtime is loaded and no order is read yet: the moment to set limits for reading. */
  Type.Object({ kind: Type.Literal('ready') }, closed),
  /** Its order and the goldens are read and no model is open yet: the moment to set limits for the model. */
  Type.Object({ kind: Type.Literal('prepared') }, closed),
  /** What it is about to do, so that a hang or a crash can be told where it happened. */
  Type.Object({ kind: Type.Literal('doing'), what: Type.String({ maxLength: 300 }) }, closed),
  Type.Object({ kind: Type.Literal('refused'), found: Finding }, closed),
  Type.Object({ kind: Type.Literal('inspected'), contract: ModelContract }, closed),
  /** The answer to the next of the cases that were given; the parent has the inputs already. */
  Type.Object({ kind: Type.Literal('golden'), outputs: GoldenCase.properties.outputs }, closed),
  Type.Object({ kind: Type.Literal('weaknesses'), found: Type.Array(Weakness, { maxItems: 1000 }) }, closed),
  Type.Object({ kind: Type.Literal('mutants'), mutants: Mutants }, closed),
  Type.Object({ kind: Type.Literal('passed'), figures: Figures }, closed),
]);
export type ChildMessage = Static<typeof ChildMessage>;
