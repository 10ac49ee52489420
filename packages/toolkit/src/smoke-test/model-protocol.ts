/**
 * What parent and child say to each other: one order on stdin, then lines of JSON on descriptor 3. The parent
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
      task: Type.Literal('make-goldens'),
      ...where,
      inputs: GoldenInputs,
      /** Outputs whose values need not be finite. */
      nonFinite: Type.Array(Type.String()),
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
    peakMemoryMb: Type.Number({ minimum: 0 }),
    cases: Type.Integer({ minimum: 0 }),
  },
  closed,
);
export type Figures = Static<typeof Figures>;

export const ChildMessage = Type.Union([
  /** ONNX Runtime is loaded and no model yet: the moment to set limits. */
  Type.Object({ kind: Type.Literal('ready') }, closed),
  /** What it is about to do, so that a hang or a crash can be told where it happened. */
  Type.Object({ kind: Type.Literal('doing'), what: Type.String({ maxLength: 300 }) }, closed),
  Type.Object({ kind: Type.Literal('refused'), found: Finding }, closed),
  Type.Object({ kind: Type.Literal('inspected'), contract: ModelContract }, closed),
  /** The answer to the next of the cases that were given; the parent has the inputs already. */
  Type.Object({ kind: Type.Literal('golden'), outputs: GoldenCase.properties.outputs }, closed),
  Type.Object({ kind: Type.Literal('passed'), figures: Figures }, closed),
]);
export type ChildMessage = Static<typeof ChildMessage>;
