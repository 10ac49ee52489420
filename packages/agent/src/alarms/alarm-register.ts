/**
 * Port: the alarms of this robot that are open. A condition is reported when it begins and when it changes, and once
 * more when it has ended; an incident (a lease was overridden) is reported each time and only a person closes it.
 */
import type { Refusal } from '@fairlead/shared/failure';

/** What makes two alarms the same one, on one robot. */
export type AlarmIdentity = Pick<Refusal, 'component' | 'category' | 'element'>;

/** No method throws: a full or dead disk must not decide an update. The open set survives a restart of the agent, at any moment. */
export interface AlarmRegister {
  /** Reports a condition that lasts, unless it is open already with the same text. */
  raise(refusal: Refusal): void;
  /** Reports an incident that has no end: each time, and it is never open here. */
  notify(refusal: Refusal): void;
  /** Reports that the condition has ended; does nothing where it is not open. */
  resolve(alarm: AlarmIdentity): void;
  /** Resolves every open alarm for which `hasEnded` is true. */
  resolveWhere(hasEnded: (open: Refusal) => boolean): void;
  /** Raises `found`, and resolves the other open alarms that `covers` selects: the result of one complete check. */
  settle(covers: (open: Refusal) => boolean, found: readonly Refusal[]): void;
  /** The open alarms, in the order in which they were raised. */
  open(): readonly Refusal[];
}

/** A key of the identity for maps. */
export const alarmKey = ({ component, category, element }: AlarmIdentity): string =>
  JSON.stringify([component ?? null, category, element]);
