/** Port: whether this robot may switch now. Install is not activate: the question is asked afresh, right before. */
import type { Refusal } from '@fairlead/shared/failure';
import type { ComponentName } from '@fairlead/shared/ids';
import type { Skippable } from '@fairlead/shared/trust/assignment';

export type Permission =
  | {
      readonly granted: true;
      /** What an override stepped over. */
      readonly skipped?: readonly Refusal[];
    }
  | {
      readonly granted: false;
      /** What is waited for, as `explain` shows it. */
      readonly reason: Refusal;
      /** When the answer may be another one, milliseconds from now. */
      readonly askAgainInMs: number;
    };

export interface SwitchPermission {
  /** `skips`: conditions that an override steps over. They are asked all the same, so that it can be told. */
  ask(component: ComponentName, skips?: readonly Skippable[]): Promise<Permission>;
}

/** One of the robot's own conditions, under the name by which an override knows it. */
export interface Condition extends SwitchPermission {
  readonly kind: Skippable;
}

/** All must hold; the first that does not is the answer. */
export const allOf = (conditions: readonly Condition[]): SwitchPermission => ({
  ask: async (component, skips = []) => {
    const skipped: Refusal[] = [];
    for (const condition of conditions) {
      const permission = await condition.ask(component);
      if (permission.granted) continue;
      if (!skips.includes(condition.kind)) return permission;
      skipped.push(permission.reason);
    }
    return { granted: true, ...(skipped.length > 0 && { skipped }) };
  },
});
