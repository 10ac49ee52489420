/**
 * Golden vectors: inputs with the outputs a model must give for them. They travel inside the release, so a
 * robot proves the model on its own hardware before it switches. Extra keys at the top (producer, notes)
 * are welcome; inside a case they are errors.
 */
import { type Static, Type } from 'typebox';
import { TENSOR_TYPES } from './manifest.ts';

/** Numbers beyond 2^53 (int64) travel as decimal strings; NaN and infinities as "NaN", "Infinity", "-Infinity". */
const Element = Type.Union([Type.Number(), Type.String(), Type.Boolean()]);
export const GoldenTensor = Type.Object(
  {
    type: Type.Enum([...TENSOR_TYPES]),
    dims: Type.Array(Type.Integer({ minimum: 0, maximum: 2 ** 31 - 1 }), { maxItems: 16 }),
    data: Type.Array(Element, { maxItems: 10_000_000, description: 'Row-major; its length is the product of dims.' }),
  },
  { additionalProperties: false },
);
const Tensors = Type.Record(Type.String({ minLength: 1, maxLength: 200 }), GoldenTensor);
export const GoldenCase = Type.Object(
  { case: Type.String({ maxLength: 200 }), inputs: Tensors, outputs: Tensors },
  { additionalProperties: false },
);
export const GoldenFile = Type.Object({ cases: Type.Array(GoldenCase, { minItems: 1, maxItems: 1000 }) });
/** What an author gives to `fairlead release golden`: the same without outputs. */
export const GoldenInputs = Type.Object({
  cases: Type.Array(
    Type.Object({ case: Type.String({ maxLength: 200 }), inputs: Tensors }, { additionalProperties: true }),
    { minItems: 1, maxItems: 1000 },
  ),
});
export type GoldenTensor = Static<typeof GoldenTensor>;
export type GoldenCase = Static<typeof GoldenCase>;
export type GoldenFile = Static<typeof GoldenFile>;
export type GoldenInputs = Static<typeof GoldenInputs>;
