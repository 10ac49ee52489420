/** Which robots an order is meant for. */
import { type Static, Type } from 'typebox';
import { RobotId, RolloutId } from '../ids.ts';

const closed = { additionalProperties: false };

/** Exactly one way to say which robots. */
export const Target = Type.Union(
  [
    Type.Object({ robot: RobotId }, closed),
    Type.Object({ group: Type.String({ minLength: 1, maxLength: 63 }) }, closed),
    Type.Object(
      {
        selector: Type.String({
          minLength: 1,
          maxLength: 1000,
          description: 'Kubernetes label-selector syntax over labels, group, environment and robot.',
        }),
      },
      closed,
    ),
    Type.Object(
      {
        updatedBy: {
          ...RolloutId,
          description: 'The robots on which this rollout succeeded, or has begun to switch.',
        },
      },
      closed,
    ),
    Type.Object({ all: Type.Literal(true) }, closed),
  ],
  { description: 'Which robots: one, a group, a label selector, what a rollout updated, or all.' },
);
export type Target = Static<typeof Target>;

/** In words, for logs and tables. */
export function sayTarget(target: Target): string {
  if ('robot' in target) return target.robot;
  if ('group' in target) return `group ${target.group}`;
  if ('selector' in target) return target.selector;
  return 'updatedBy' in target ? `robots that ${target.updatedBy} updated` : 'the whole fleet';
}
