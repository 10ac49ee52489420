import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Sha256 } from '../ids.ts';
import { parse } from '../parse.ts';
import { AUDIT_START, AuditEntry, type AuditFact, nextAuditEntry, verifyAuditChain } from './audit.ts';

const fact = (detail: string, more: Partial<AuditFact> = {}): AuditFact => ({
  at: Date.parse('2026-11-21T10:00:00Z'),
  by: 'ada',
  action: 'window.create',
  element: 'nightly',
  detail,
  ...more,
});
function chain(facts: readonly AuditFact[]): AuditEntry[] {
  const entries: AuditEntry[] = [];
  for (const each of facts) entries.push(nextAuditEntry(entries.at(-1) ?? AUDIT_START, each));
  return entries;
}
const three = () => chain([fact('one'), fact('two', { loud: true, reason: 'fire' }), fact('three')]);
const brokenAt = (entries: readonly AuditEntry[]) => {
  const verified = verifyAuditChain(AUDIT_START, entries);
  return verified.ok ? undefined : verified.refused.seq;
};

test('a chain that nobody touched verifies, whole or page by page', () => {
  const entries = three();
  const head = { seq: 3, sha256: entries[2]?.sha256 };
  expect(verifyAuditChain(AUDIT_START, entries)).toEqual({ ok: true, value: head });
  const page = verifyAuditChain(AUDIT_START, entries.slice(0, 2));
  expect(page.ok && verifyAuditChain(page.value, entries.slice(2))).toEqual({ ok: true, value: head });
});

test('an entry that is changed, taken out, put in or moved is found where it stands', () => {
  const [a, b, c] = three() as [AuditEntry, AuditEntry, AuditEntry];
  expect(brokenAt([a, { ...b, by: 'eve' }, c])).toBe(2);
  expect(brokenAt([a, { ...b, loud: false }, c])).toBe(2);
  expect(brokenAt([a, c])).toBe(2);
  expect(brokenAt([b, c])).toBe(1);
  expect(brokenAt([a, b, b, c])).toBe(3);
  // Re-hashed after the change: then the next one no longer follows.
  const forged = nextAuditEntry(a, fact('two, but other'));
  expect(brokenAt([a, forged, c])).toBe(3);
});

test('no single change of any field of any entry goes unseen', () => {
  const entries = three();
  fc.assert(
    fc.property(
      fc.nat({ max: 2 }),
      fc.constantFrom<keyof AuditEntry>('at', 'by', 'action', 'element', 'detail', 'reason', 'prevSha256', 'sha256'),
      fc.string(),
      (index, key, value) => {
        fc.pre(entries[index]?.[key] !== value);
        const changed = entries.map((entry, n) => (n === index ? { ...entry, [key]: value as Sha256 } : entry));
        expect(brokenAt(changed)).toBeDefined();
      },
    ),
  );
});

test('whatever people write, the entry is one that can be stored and read again', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 3000 }), (text) => {
      const entry = nextAuditEntry(AUDIT_START, fact(text, { by: text, element: text, reason: text }));
      expect(parse(AuditEntry, entry).ok).toBe(true);
      expect(brokenAt([JSON.parse(JSON.stringify(entry))])).toBeUndefined();
    }),
  );
});
