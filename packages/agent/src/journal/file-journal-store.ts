/** journal.json in the agent's root folder. */
import { readFile } from 'node:fs/promises';
import { accept, type Refusal, type Result, refuse } from '@fairlead/shared/failure';
import { parse } from '@fairlead/shared/parse';
import { type Clock, toTimestamp } from '@fairlead/shared/time';
import { parseStrictJson } from '@fairlead/shared/trust/strict-json';
import { Journal } from '@fairlead/shared/update/journal';
import { removeDurably, renameDurably, writeDurably } from '@fairlead/toolkit/durable-files';
import { isFolder, isMissing } from '@fairlead/toolkit/file-error';
import type { JournalStore } from './journal-store.ts';

/** `file` is absolute; unreadable journals are put beside it as `file.bad-TIME`, for a person to look at. */
export function fileJournalStore(file: string, clock: Clock): JournalStore {
  return {
    write: (journal) => writeDurably(file, `${JSON.stringify(journal, null, 2)}\n`, { mode: 0o600 }),
    clear: () => removeDurably(file),
    read: async ({ leave } = { leave: false }) => {
      let bytes: Uint8Array;
      try {
        bytes = await readFile(file);
      } catch (error) {
        if (isMissing(error)) return accept(undefined);
        if (!isFolder(error)) throw error;
        bytes = new Uint8Array();
      }
      const journal = parseJournal(bytes);
      if (journal.ok) return journal;
      if (leave) return refuse(unreadable(journal.refused, 'Another version of the agent wrote it.'));
      const aside = `${file}.bad-${toTimestamp(clock.now()).replaceAll(':', '')}`;
      // A disk that takes no rename keeps it where it is; the next update writes over it.
      const kept = await renameDurably(file, aside).then(
        () => aside,
        () => file,
      );
      const hint = `The robot goes on with its committed releases. The record was kept as ${kept}.`;
      return refuse(unreadable(journal.refused, hint));
    },
  };
}

const unreadable = (why: string, hint: string): Refusal => ({
  phase: 'report',
  element: 'journal.json',
  category: 'bad_journal',
  detail: `The record of the update in progress can't be read: ${why}`.slice(0, 2000),
  retryable: true,
  hint,
});

function parseJournal(bytes: Uint8Array): Result<Journal, string> {
  const json = parseStrictJson(bytes, { floats: true });
  if (!json.ok) return refuse(json.refused.detail);
  const journal = parse(Journal, json.value);
  return journal.ok ? journal : refuse(journal.refused.map(({ at, message }) => `${at}: ${message}`).join('; '));
}
