/** What a step of a rollout came to. */
import type { Refusal } from '@fairlead/shared/failure';
import type { Instant } from '@fairlead/shared/time';

/** It changed something, or the world did not let it, and then why and until when. */
export type Taken =
  | 'progress'
  | {
      readonly why: Refusal;
      readonly until?: Instant;
      /** The same step is not worth another look before that, whatever else changes. */
      readonly inVainUntil?: Instant;
    };
