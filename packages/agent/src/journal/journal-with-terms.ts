/**
 * Keeps with the journal what the control plane said last of the switch, for as long as nothing has switched: an agent
 * that restarts without network must not take back what it was told. Afterwards the terms have no meaning, and a
 * journal without them can be read by the agent before this one, which may be the one to finish it.
 */
import type { DeploymentId } from '@fairlead/shared/ids';
import type { OrderTerms } from '@fairlead/shared/trust/assignment';
import type { Journal } from '@fairlead/shared/update/journal';
import { mayCancel } from '@fairlead/shared/update/journey';
import { oneAtATime } from '../one-at-a-time.ts';
import type { JournalStore } from './journal-store.ts';

export interface JournalWithTerms extends Pick<JournalStore, 'write' | 'clear'> {
  /** Resolves once the newest terms of this deployment are durable; nothing to do where it is not under way. */
  renew(deployment: DeploymentId): Promise<void>;
}

export function journalWithTerms(
  store: JournalStore,
  termsOf: (deployment: DeploymentId) => OrderTerms,
): JournalWithTerms {
  const inTurn = oneAtATime();
  let last: Journal | undefined;
  const write = (journal: Journal): Promise<void> =>
    store.write(
      mayCancel(journal.step) || journal.step === 'switch' ? { ...bare(journal), ...told(journal) } : bare(journal),
    );
  const told = ({ deployment }: Journal): Pick<Journal, 'terms'> => {
    const terms = termsOf(deployment);
    return Object.keys(terms).length > 0 ? { terms } : {};
  };
  return {
    write: (journal) =>
      inTurn(async () => {
        await write(journal);
        last = journal;
      }),
    renew: (deployment) => inTurn(async () => (last?.deployment === deployment ? write(last) : undefined)),
    clear: () =>
      inTurn(async () => {
        last = undefined;
        await store.clear();
      }),
  };
}

function bare({ ...journal }: Journal): Journal {
  delete journal.terms;
  return journal;
}
