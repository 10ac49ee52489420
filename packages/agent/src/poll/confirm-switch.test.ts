import { accept, type Refusal, refuse } from '@fairlead/shared/failure';
import type { OrderTerms } from '@fairlead/shared/trust/assignment';
import { expect, test } from 'vitest';
import { sampleJournal } from '../journal/journal-store-contract.ts';
import { confirmBy, lateConfirmation } from './confirm-switch.ts';
import type { Heard } from './questions-in-waiting.ts';

const refusal = (category: string): Refusal => ({
  phase: 'check-in',
  element: 'x',
  category,
  detail: '',
  retryable: true,
  hint: '',
});
const { deployment, candidate } = sampleJournal();
const question = { deployment, candidate, signal: new AbortController().signal };
const ordered = (terms: OrderTerms, sha256: string = candidate.manifestSha256, behind?: Refusal): Heard =>
  accept({
    assignment: { components: [{ deployment, target: { sha256 }, ...terms }] } as never,
    ...(behind && { behind }),
  });

test.each([
  ['orders it without a hold', ordered({ confirm: true }), 'confirmed'],
  ['holds it', ordered({ confirm: true, hold: refusal('paused') }), 'paused, heard'],
  ['orders other bytes under its name', ordered({}, 'f'.repeat(64)), 'withdrawn, heard'],
  ['orders it no more', accept({ assignment: { components: [] } as never }), 'withdrawn, heard'],
  ['demands newer metadata than can be had', ordered({}, undefined, refusal('expired')), 'expired'],
  ['can’t be had or believed', refuse(refusal('bad_signature')), 'bad_signature'],
])('an answer that %s', async (_what, heard, expected) => {
  const late = lateConfirmation();
  const asked = late.ask(question);
  late.connect(confirmBy(async () => heard));
  const { heard: wasHeard, ...confirmed } = await asked;
  const said = confirmed.ok ? 'confirmed' : `${confirmed.refused.category}${wasHeard ? ', heard' : ''}`;
  expect(said).toBe(expected);
});
