/** What every journal store promises, proven on each adapter. */

import { Journal } from '@fairlead/shared/update/journal';
import { begin, settle } from '@fairlead/shared/update/journey';
import { Parse } from 'typebox/value';
import { expect, test } from 'vitest';
import type { JournalStore } from './journal-store.ts';

const NOW = Date.UTC(2026, 10, 21);

/** A sound journal of an update that has just begun. */
export function sampleJournal(): Journal {
  const release = { component: 'duck-policy', version: '1.0.0', manifestSha256: 'a'.repeat(64), releaseCounter: 1 };
  const head = {
    schema: 'fairlead.journal.v1',
    deployment: 'dep_0000000001',
    component: 'duck-policy',
    candidate: release,
  };
  const at = new Date(NOW).toISOString();
  const parsed = Parse(Journal, { ...head, step: 'download', starts: 1, startedAt: at, stepStartedAt: at });
  return begin(parsed, undefined, NOW);
}

export function describeJournalStore(name: string, open: () => Promise<JournalStore>): void {
  test(`${name}: an idle robot has no journal`, async () => {
    expect(await (await open()).read()).toEqual({ ok: true, value: undefined });
  });

  test(`${name}: what was written last is what is read`, async () => {
    const store = await open();
    const first = sampleJournal();
    const second = settle(first, { ok: true }, NOW + 1);
    await store.write(first);
    await store.write(second);
    expect(await store.read()).toEqual({ ok: true, value: second });
  });

  test(`${name}: after the end there is no journal, and ending twice is fine`, async () => {
    const store = await open();
    await store.write(sampleJournal());
    await store.clear();
    await store.clear();
    expect(await store.read()).toEqual({ ok: true, value: undefined });
  });
}
