/** A saved group: a name for whichever robots a selector chooses at the moment somebody asks. */
import { type Static, Type } from 'typebox';
import { type Labelled, labelsOf } from './labels-of.ts';
import { matches, selectorIn } from './selector.ts';

export const RuleName = Type.String({
  pattern: '^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$',
  description: 'Lower-case letters, digits and dashes, at most 63.',
});

export const SavedGroup = Type.Object(
  {
    name: RuleName,
    selector: Type.String({
      minLength: 1,
      maxLength: 1000,
      description: 'Kubernetes label-selector syntax; who is in the group is asked anew every time.',
    }),
  },
  { additionalProperties: false },
);
export type SavedGroup = Static<typeof SavedGroup>;

/**
 * Whether a robot belongs to the group of that name, given the saved ones. The control plane refuses a saved group
 * whose name robots carry themselves, and the other way round; where both came about all the same, saved wins.
 */
export function inGroup(name: string, robot: Labelled, saved: readonly SavedGroup[]): boolean {
  const group = saved.find((each) => each.name === name);
  if (!group) return robot.group === name;
  return matches(selectorIn(group), labelsOf(robot));
}
