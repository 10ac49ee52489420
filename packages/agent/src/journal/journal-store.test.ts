import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { testClock } from '@fairlead/shared/testing/test-clock';
import { expect, onTestFinished, test } from 'vitest';
import { fileJournalStore } from './file-journal-store.ts';
import { describeJournalStore, sampleJournal } from './journal-store-contract.ts';
import { journalWithTerms } from './journal-with-terms.ts';
import { memoryJournalStore } from './memory-journal-store.ts';

const clock = testClock(Date.UTC(2026, 10, 21));
async function folder(): Promise<string> {
  const made = await mkdtemp(join(tmpdir(), 'fairlead-journal-'));
  onTestFinished(() => rm(made, { recursive: true }));
  return made;
}

describeJournalStore('memory', async () => memoryJournalStore());
describeJournalStore('file', async () => fileJournalStore(join(await folder(), 'journal.json'), clock));

test.each([
  ['torn', '{"schema":"fairlead.jour'],
  ['empty', ''],
  ['from a future agent', JSON.stringify({ ...sampleJournal(), schema: 'fairlead.journal.v9' })],
  ['with an unknown step', JSON.stringify({ ...sampleJournal(), step: 'teleport' })],
  ['with two steps', JSON.stringify(sampleJournal()).replace('{', '{"step":"commit",')],
])('a journal that is %s is refused once, kept aside, and the robot is idle', async (_what, text) => {
  const root = await folder();
  const file = join(root, 'journal.json');
  await writeFile(file, text);
  const store = fileJournalStore(file, clock);
  expect(await store.read()).toMatchObject({ ok: false, refused: { category: 'bad_journal' } });
  expect(await store.read()).toEqual({ ok: true, value: undefined });
  expect(await readdir(root)).toEqual(['journal.json.bad-2026-11-21T000000.000Z']);
});

test('the journal of the first released format can still be read', async () => {
  const root = await folder();
  const file = join(root, 'journal.json');
  await writeFile(file, JOURNAL_V1);
  expect(await fileJournalStore(file, clock).read()).toMatchObject({
    ok: true,
    value: { step: 'probation', starts: 2 },
  });
});

test('the journal of an agent that knows holds can be read with what its order said', async () => {
  const root = await folder();
  const file = join(root, 'journal.json');
  await writeFile(file, JOURNAL_WITH_TERMS);
  expect(await fileJournalStore(file, clock).read()).toMatchObject({
    ok: true,
    value: {
      step: 'wait',
      terms: { confirm: true, hold: { category: 'stage_waits' }, override: { skips: ['lease'] } },
    },
  });
});

test('past the switch a journal carries no terms, so that the agent before this one can finish it', async () => {
  const hold = { phase: 'assign', element: 'x', category: 'paused', detail: '', retryable: true, hint: '' } as const;
  const written: (string | undefined)[] = [];
  const store = memoryJournalStore(({ step, terms }) => written.push(terms ? step : undefined));
  const journals = journalWithTerms(store, () => ({ hold }));
  for (const step of ['wait', 'switch', 'probation', 'commit', 'done'] as const) {
    await journals.write({ ...sampleJournal(), step, terms: { hold } });
  }
  expect(written).toEqual(['wait', 'switch', undefined, undefined, undefined]);
});

/** A fixture, never edited: the first agents that know holds wrote this. */
const JOURNAL_WITH_TERMS = `{
  "schema": "fairlead.journal.v1", "deployment": "dep_0000000001", "component": "duck-policy",
  "candidate": {"component": "duck-policy", "version": "2.0.0", "manifestSha256": "${'b'.repeat(64)}", "releaseCounter": 2},
  "step": "wait", "starts": 2, "startedAt": "2026-11-21T09:00:00.000Z", "stepStartedAt": "2026-11-21T09:01:00.000Z",
  "terms": {
    "hold": {"phase": "assign", "element": "rol_0000000001", "category": "stage_waits", "detail": "stage 1 waits for 3 of 10", "retryable": true, "hint": ""},
    "confirm": true, "override": {"by": "ann", "reason": "recall", "skips": ["lease"]}
  }
}`;

/** A fixture, never edited: agents of the first release wrote this. */
const JOURNAL_V1 = `{
  "schema": "fairlead.journal.v1", "deployment": "dep_0000000001", "component": "duck-policy",
  "candidate": {"component": "duck-policy", "version": "2.0.0", "manifestSha256": "${'b'.repeat(64)}", "releaseCounter": 2},
  "current": {"component": "duck-policy", "version": "1.0.0", "manifestSha256": "${'a'.repeat(64)}", "releaseCounter": 1},
  "step": "probation", "starts": 2, "startedAt": "2026-11-21T09:00:00.000Z", "stepStartedAt": "2026-11-21T09:01:00.000Z",
  "stateBackup": "state-backups/dep_0000000001"
}`;
