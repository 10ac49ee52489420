/** The rules and the audit log, as every store must keep them. */
import { AUDIT_START, verifyAuditChain } from '@fairlead/shared/fleet/audit';
import { RULE_PRESETS } from '@fairlead/shared/fleet/environment-rules';
import type { MaintenanceWindow } from '@fairlead/shared/fleet/maintenance-window';
import { HOUR } from '@fairlead/shared/time';
import { describe, expect, test } from 'vitest';
import { NO_RULES } from './rules.ts';
import type { Store } from './store.ts';

const NOW = Date.parse('2026-11-21T10:00:00Z');
const nightly: MaintenanceWindow = {
  name: 'nightly',
  scope: { fleet: true },
  from: '02:00',
  to: '04:00',
  zone: 'Europe/Berlin',
};
const fact = (detail: string, more = {}) => ({
  at: NOW,
  by: 'ada',
  action: 'window.save',
  element: 'nightly',
  detail,
  ...more,
});

export function describeRules(open: () => Promise<Store>): void {
  describe('rules', () => {
    test('a store that nobody gave rules has the defaults', async () => {
      expect(await (await open()).rules.all()).toEqual(NO_RULES);
    });

    test('rules of every kind are kept, replaced and removed one by one', async () => {
      const { rules } = await open();
      await rules.save('window', 'nightly', nightly);
      await rules.save('window', 'nightly', { ...nightly, to: '05:00', days: ['sat', 'sun'] });
      await rules.save('group', 'bavaria', { name: 'bavaria', selector: 'site in (munich)' });
      await rules.save('budget', 'site=', { label: 'site', maxUnavailable: '10%' });
      await rules.save('limit', 'maxConcurrent', 50);
      await rules.save('environment', 'production', RULE_PRESETS.recommended.production);
      expect(await rules.all()).toEqual({
        windows: [{ ...nightly, to: '05:00', days: ['sat', 'sun'] }],
        groups: [{ name: 'bavaria', selector: 'site in (munich)' }],
        limits: { budgets: [{ label: 'site', maxUnavailable: '10%' }], quarantineAfter: 3, maxConcurrent: 50 },
        environments: { ...RULE_PRESETS.fresh, production: RULE_PRESETS.recommended.production },
      });
      expect(await rules.remove('window', 'nightly')).toBe(true);
      expect(await rules.remove('window', 'nightly')).toBe(false);
      expect((await rules.all()).windows).toEqual([]);
    });

    test('a rule that did not change is the same object, so that what was computed of it still holds', async () => {
      const { rules } = await open();
      await rules.save('window', 'nightly', nightly);
      const [before] = (await rules.all()).windows;
      expect((await rules.all()).windows[0]).toBe(before);
    });
  });

  describe('audit log', () => {
    test('entries of any number of people at once are one unbroken chain', async () => {
      const store = await open();
      const append = (n: number) =>
        n % 2 === 0
          ? store.audit.append(fact(`alone ${n}`))
          : store.transaction(({ audit }) => audit.append(fact(`in a transaction ${n}`)));
      await Promise.all(Array.from({ length: 20 }, (_, n) => append(n)));
      const entries = await store.audit.list({}, { order: 'oldest-first', limit: 100 });
      expect(entries.map(({ seq }) => seq)).toEqual(Array.from({ length: 20 }, (_, n) => n + 1));
      expect(verifyAuditChain(AUDIT_START, entries)).toEqual({ ok: true, value: await store.audit.head() });
    });

    test('what a failed transaction wanted to log leaves no gap', async () => {
      const { audit, ...store } = await open();
      const failing = store.transaction(async (slices) => {
        await slices.audit.append(fact('never'));
        throw new Error('power cut');
      });
      await expect(failing).rejects.toThrow('power cut');
      expect(await audit.append(fact('first'))).toMatchObject({ seq: 1, detail: 'first' });
    });

    test('entries are found by who, what and to what, a page at a time, from either end', async () => {
      const { audit } = await open();
      for (const by of ['ada', 'bob', 'ada']) await audit.append(fact(by, { by }));
      await audit.append(fact('robot', { action: 'robot.accept', element: 'duck-1', reason: 'new leg' }));
      const seqs = async (...args: Parameters<typeof audit.list>) => (await audit.list(...args)).map(({ seq }) => seq);
      expect(await seqs({}, { order: 'newest-first', limit: 2 })).toEqual([4, 3]);
      expect(await seqs({}, { order: 'newest-first', limit: 2, after: 3 })).toEqual([2, 1]);
      expect(await seqs({ by: 'ada' }, { order: 'oldest-first', limit: 9, after: 1 })).toEqual([3, 4]);
      expect(await seqs({ action: 'robot.accept' }, { order: 'newest-first', limit: 9 })).toEqual([4]);
      expect(await seqs({ element: 'nightly' }, { order: 'oldest-first', limit: 9 })).toEqual([1, 2, 3]);
      expect(await audit.find(4)).toMatchObject({ reason: 'new leg', by: 'ada' });
      expect(await audit.find(5)).toBeUndefined();
    });

    test('loud entries are shown to each person until that person has acknowledged them', async () => {
      const { audit } = await open();
      await audit.append(fact('quiet'));
      await audit.append(fact('old', { loud: true, at: NOW - 25 * HOUR }));
      await audit.append(fact('loud', { loud: true }));
      const shown = async (person: string) =>
        (await audit.notices(person, NOW - 24 * HOUR)).map(({ detail }) => detail);
      expect(await shown('ada')).toEqual(['loud']);
      await audit.acknowledge(3, 'ada', NOW);
      await audit.acknowledge(3, 'ada', NOW);
      expect([await shown('ada'), await shown('bob')]).toEqual([[], ['loud']]);
    });
  });
}
