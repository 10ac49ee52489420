/** The one way in which the publisher's side says no. */
import type { Refusal } from '../failure.ts';

/** `element` is the role, target or file concerned; `category` a code of TRUST.md section 6. */
export const refusePublish = (
  element: string,
  category: string,
  detail: string,
  hint = 'Make the update again from the newest published metadata and sign it.',
): Refusal => ({
  phase: 'publish',
  element: element.slice(0, 300),
  category,
  detail: detail.slice(0, 2000),
  // Only a lost race can succeed later as it is: read again, merge, sign again.
  retryable: category === 'version_conflict',
  hint,
});
