/** Whom a target means. The one place where it is decided, for one robot and for the whole fleet. */
import { accept, type Result } from '../failure.ts';
import { type Labelled, labelsOf } from './labels-of.ts';
import { inGroup, type SavedGroup } from './saved-group.ts';
import { matches, parseSelector, type SelectorMistake } from './selector.ts';
import type { Target } from './target.ts';

/** A target that is a question about a robot itself, and not about what was done with it. */
export type DescriptiveTarget = Exclude<Target, { updatedBy: unknown }>;

export type Chooses = (robot: Labelled) => boolean;

/** `groups` are the saved ones. Whether a robot may take part at all (accepted, not quarantined) is another question. */
export function choosing(target: DescriptiveTarget, groups: readonly SavedGroup[]): Result<Chooses, SelectorMistake> {
  if ('all' in target) return accept(() => true);
  if ('robot' in target) return accept(({ robot }) => robot === target.robot);
  if ('group' in target) return accept((robot) => inGroup(target.group, robot, groups));
  const selector = parseSelector(target.selector);
  if (!selector.ok) return selector;
  return accept((robot) => matches(selector.value, labelsOf(robot)));
}
