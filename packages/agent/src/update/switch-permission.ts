/** Port: whether this robot may switch now. Install is not activate: the question is asked afresh, right before. */
import type { Refusal } from '@fairlead/shared/failure';
import type { ComponentName } from '@fairlead/shared/ids';

export type Permission =
  | { readonly granted: true }
  | {
      readonly granted: false;
      /** What is waited for, as `explain` shows it. */
      readonly reason: Refusal;
      /** When the answer may be another one, milliseconds from now. */
      readonly askAgainInMs: number;
    };

export interface SwitchPermission {
  ask(component: ComponentName): Promise<Permission>;
}
