import { accept } from '@fairlead/shared/failure';
import type { Journal } from '@fairlead/shared/update/journal';
import type { JournalStore } from './journal-store.ts';

/** For tests. `onWrite` sees every journal in order and may throw, as a full disk does. */
export function memoryJournalStore(onWrite: (journal: Journal) => void = () => {}): JournalStore {
  let held: Journal | undefined;
  return {
    write: async (journal) => {
      onWrite(journal);
      held = structuredClone(journal);
    },
    read: async () => accept(held),
    clear: async () => {
      held = undefined;
    },
  };
}
