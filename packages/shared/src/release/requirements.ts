/** `requires` of a release: what a robot must be and have before the release is downloaded. */
import { type Static, Type } from 'typebox';
import { ComponentName } from '../ids.ts';

const closed = { additionalProperties: false };
const SemverRange = Type.String({ minLength: 1, maxLength: 100, description: 'A semver range: ">=6.0", "^2.1.0".' });
export const Requirements = Type.Object(
  {
    arch: Type.Optional(Type.Array(Type.Enum(['arm64', 'x64']), { minItems: 1, maxItems: 2 })),
    board: Type.Optional(
      Type.Array(
        Type.String({ pattern: '^[a-z0-9*?._-]{1,100}$', description: 'A board: lower-case; * and ? match.' }),
        {
          minItems: 1,
          maxItems: 50,
          description: 'Board names; * and ? are wildcards.',
        },
      ),
    ),
    jetpack: Type.Optional(SemverRange),
    minFreeMemoryMb: Type.Optional(Type.Integer({ minimum: 1 })),
    minFreeDiskMb: Type.Optional(Type.Integer({ minimum: 1, description: 'On top of what the release itself needs.' })),
    minAgent: Type.Optional(SemverRange),
    components: Type.Optional(
      Type.Record(ComponentName, SemverRange, {
        ...closed,
        description: 'Components that must be active on the robot.',
      }),
    ),
  },
  closed,
);
export type Requirements = Static<typeof Requirements>;
