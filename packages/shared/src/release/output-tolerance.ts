/** What release.yaml accepts of one output of a model: |got - want| <= atol + rtol * |want|, and its range. */
import { Type } from 'typebox';

export const OutputTolerance = Type.Object(
  {
    rtol: Type.Optional(Type.Number({ minimum: 0, maximum: 1 })),
    atol: Type.Optional(Type.Number({ minimum: 0 })),
    min: Type.Optional(Type.Number({ description: 'Smallest value this output may ever take (action range).' })),
    max: Type.Optional(Type.Number({ description: 'Largest value this output may ever take (action range).' })),
    nonFinite: Type.Optional(
      Type.Enum(['refuse', 'allow'], {
        description:
          'allow: NaN, Infinity and -Infinity are answers of this output where its golden has exactly the same. Default refuse.',
      }),
    ),
  },
  { additionalProperties: false },
);
