/** What every handler of rules needs, and the one way to change a rule: with its entry in the audit log, or not at all. */
import type { AuditFact } from '@fairlead/shared/fleet/audit';
import type { Clock } from '@fairlead/shared/time';
import { problem } from '../http/problem.ts';
import type { FleetRules } from '../store/rules.ts';
import type { Slices, Store } from '../store/store.ts';

export interface RuleDeps {
  readonly store: Store;
  readonly clock: Clock;
  /** What was changed holds here when it resolves. */
  readonly changed: () => Promise<void>;
}
/** `work` throws the problem to answer with; then neither the rule nor its entry is written. */
export async function changeRules(
  { store, clock, changed }: RuleDeps,
  fact: Omit<AuditFact, 'at'>,
  work: (slices: Slices, before: FleetRules) => Promise<void>,
): Promise<FleetRules> {
  const after = await store.transaction(async (slices) => {
    // First, though the work is not done: whoever changes rules waits here for whoever does so now, and then reads.
    await slices.audit.append({ ...fact, at: clock.now() });
    await work(slices, await slices.rules.all());
    return slices.rules.all();
  });
  await changed();
  return after;
}

export const existsAlready = (what: string, command: string) =>
  problem('already_exists', `There is a ${what} already.`, {
    hint: `Give --replace to change it, or see ${command}.`,
  });
