import { describe, expect, test } from 'vitest';
import { checkFirstRepository } from './check-first-repository.ts';
import { sha256Hex } from './digest.ts';
import { RootMetadata, SnapshotMetadata, signMetadata, TimestampMetadata } from './metadata.ts';
import { parseOwn } from './parse-own.ts';
import { type FirstRepository, makeSnapshot, makeTimestamp } from './repository.ts';
import { keyedRepository, NOW, testSigner } from './testing/first-repository.ts';

const { first, signers, online } = keyedRepository();
function category(changed: FirstRepository, server = online): string {
  const result = checkFirstRepository(changed, { online: server, now: NOW });
  return result.ok ? 'accepted' : result.refused.category;
}

test('a first repository of a small team is accepted, with the digest of its root', () => {
  expect(checkFirstRepository(first, { online, now: NOW })).toEqual({
    ok: true,
    value: { rootSha256: sha256Hex(first.root) },
  });
});

describe('a first repository is refused', () => {
  const root = parseOwn(RootMetadata, first.root).signed;
  test.each<[string, string, FirstRepository]>([
    ['whose root somebody else signed', 'threshold', { ...first, root: signMetadata(root, [testSigner(40)]) }],
    [
      'whose root begins at version 2',
      'version',
      { ...first, root: signMetadata({ ...root, version: 2 }, signers.root) },
    ],
    ['without the text of a policy', 'missing_text', { ...first, texts: {} }],
    ['with two roles exchanged', 'threshold', { ...first, roles: { ...first.roles, production: first.roles.staging } }],
    ['whose targets is another role', 'threshold', { ...first, targets: first.roles.production }],
  ])('%s', (_what, expected, changed) => {
    expect(category(changed)).toBe(expected);
  });

  test("made for another server's online keys", () => {
    expect(category(first, { ...online, timestamp: testSigner(41).publicKey })).toBe('keys');
    expect(category(first, { ...online, director: testSigner(41).publicKey })).toBe('keys');
  });
});

test('the snapshot names length and digest of every role, the timestamp those of the snapshot', () => {
  const snapshot = makeSnapshot({ version: 5, head: first, now: NOW, signer: testSigner(6) });
  const { meta } = parseOwn(SnapshotMetadata, snapshot).signed;
  expect(Object.keys(meta).sort()).toEqual(['development.json', 'production.json', 'staging.json', 'targets.json']);
  expect(meta['production.json']).toEqual({
    version: 1,
    length: first.roles.production.length,
    hashes: { sha256: sha256Hex(first.roles.production) },
  });
  const timestamp = makeTimestamp({ version: 9, snapshot, snapshotVersion: 5, now: NOW, signer: testSigner(7) });
  const { signed } = parseOwn(TimestampMetadata, timestamp);
  expect(signed).toMatchObject({ version: 9, expires: '2026-11-22T09:00:00Z', x_issued: '2026-11-21T09:00:00.000Z' });
  expect(signed.meta['snapshot.json']).toEqual({
    version: 5,
    length: snapshot.length,
    hashes: { sha256: sha256Hex(snapshot) },
  });
});
