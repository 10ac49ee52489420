import { describe, expect, test } from 'vitest';
import { manifestBytes } from '../release/parse-manifest.ts';
import { sampleManifest } from '../release/testing/sample-manifest.ts';
import { DAY } from '../time.ts';
import { canonicalJson } from './canonical-json.ts';
import { checkRoleUpdate } from './check-role-update.ts';
import type { Signer } from './ed25519.ts';
import { RootMetadata, signMetadata, TargetsMetadata, type TargetsSigned } from './metadata.ts';
import { parseOwn } from './parse-own.ts';
import { releaseEntry } from './release-entry.ts';
import { emptyPolicy, makeRoleUpdate, type RepositoryHead, type RoleUpdate } from './repository.ts';
import type { ReleaseCustom } from './targets.ts';
import { keyedRepository, NOW, testSigner } from './testing/first-repository.ts';
import { keyIdOf, tufKey } from './verify-ed25519.ts';

const { first, signers, online } = keyedRepository();
const production = signers.production;

function release(version: string, releaseCounter: number, custom: Partial<ReleaseCustom> = {}) {
  const manifest = sampleManifest(undefined, { version });
  const entry = releaseEntry({ manifest, environment: 'production', releaseCounter });
  const text = Buffer.from(manifestBytes(manifest)).toString();
  return { name: entry.name, text, custom: { ...entry.custom, ...custom } };
}
type Entry = ReturnType<typeof release>;

const update = (order: { set?: Entry[]; remove?: string[]; by?: readonly Signer[]; current?: string }): RoleUpdate =>
  makeRoleUpdate({
    role: 'production',
    current: order.current ?? first.roles.production,
    set: order.set ?? [],
    remove: order.remove ?? [],
    signers: order.by ?? production,
    now: NOW,
  });
function judge(made: RoleUpdate, { head = first as RepositoryHead, hasBlob = true, now = NOW } = {}) {
  return checkRoleUpdate({ update: made, head, online, now, hasBlob: () => hasBlob });
}
const category = (...args: Parameters<typeof judge>): string => {
  const result = judge(...args);
  return result.ok ? 'accepted' : result.refused.category;
};
/** The head after an update that must be fine. */
function after(made: RoleUpdate): RepositoryHead {
  const result = judge(made);
  if (!result.ok) throw new TypeError(result.refused.detail);
  return result.value.head;
}
/** The same update with its signed content bent, signed again. */
function bent(made: RoleUpdate, bend: (signed: TargetsSigned) => object): RoleUpdate {
  return { ...made, metadata: signMetadata(bend(parseOwn(TargetsMetadata, made.metadata).signed), production) };
}

const published = after(update({ set: [release('2.1.0', 1)] }));
const next = (order: Parameters<typeof update>[0]) => update({ current: published.roles.production, ...order });

test('a release whose manifest and bundle are here becomes visible', () => {
  const result = judge(update({ set: [release('2.1.0', 1)] }));
  expect(result).toMatchObject({ ok: true, value: { role: 'production', version: 2 } });
  expect(result.ok && result.value.changed.map(({ name }) => name)).toEqual([
    'releases/production/duck-policy-2.1.0.json',
  ]);
});

test('attack 50: of two updates made from one version the second is told to start again', () => {
  const late = judge(update({ set: [release('2.2.0', 2)] }), { head: published });
  expect(late).toMatchObject({ ok: false, refused: { category: 'version_conflict', retryable: true } });
});

describe('attack 51: an entry that vanishes', () => {
  const name = release('2.1.0', 1).name;
  test('by accident is refused', () => {
    expect(category({ ...next({ remove: [name] }), removes: [] }, { head: published })).toBe('removed');
  });
  test('on purpose is a revocation', () => {
    expect(category(next({ remove: [name] }), { head: published })).toBe('accepted');
  });
  test('may not be named if it stays or never was there', () => {
    expect(category({ ...next({}), removes: [name] }, { head: published })).toBe('removed');
    expect(category({ ...next({}), removes: ['releases/production/x-1.0.0.json'] }, { head: published })).toBe(
      'removed',
    );
  });
});

test('attack 52: a release whose bundle is not here is refused', () => {
  expect(category(update({ set: [release('2.1.0', 1)] }), { hasBlob: false })).toBe('missing_blob');
});

test('attack 53: a published version never changes', () => {
  const manifest = sampleManifest(undefined, { version: '2.1.0', description: 'other bytes' });
  const text = Buffer.from(manifestBytes(manifest)).toString();
  expect(category(next({ set: [{ ...release('2.1.0', 2), text }] }), { head: published })).toBe('immutable');
});

test('a release with a health check that can never pass is refused when it is published', () => {
  const manifest = sampleManifest(undefined, { healthChecks: [{ http: { url: 'http://127.0.0.1:99999/health' } }] });
  const { name, custom } = releaseEntry({ manifest, environment: 'production', releaseCounter: 1 });
  const text = Buffer.from(manifestBytes(manifest)).toString();
  expect(judge(update({ set: [{ name, text, custom }] }))).toMatchObject({
    refused: {
      category: 'bad_manifest',
      detail: expect.stringContaining('/healthChecks/0/http/url is no URL (the port must be at most 65535)'),
    },
  });
});

describe('an entry must say what its manifest says', () => {
  test.each<[string, string, (entry: Entry) => RoleUpdate]>([
    [
      'another bundle',
      'mismatch',
      (entry) =>
        update({ set: [{ ...entry, custom: { ...entry.custom, bundle: { ...entry.custom.bundle, size: 2 } } }] }),
    ],
    [
      'another size',
      'mismatch',
      (entry) => update({ set: [{ ...entry, custom: { ...entry.custom, sizeOnDisk: 7 } }] }),
    ],
    ['another name', 'name', (entry) => update({ set: [{ ...entry, name: release('2.1.1', 1).name }] })],
    [
      'no custom part',
      'bad_json',
      ({ name, text }) =>
        makeRoleUpdate({
          role: 'production',
          current: first.roles.production,
          set: [{ name, text }],
          signers: production,
          now: NOW,
        }),
    ],
    ['a text that is no manifest', 'bad_manifest', (entry) => update({ set: [{ ...entry, text: '{}' }] })],
    ['no text', 'missing_text', (entry) => ({ ...update({ set: [entry] }), texts: {} })],
    ['a shorter text', 'length', (entry) => ({ ...update({ set: [entry] }), texts: { [entry.name]: '{}' } })],
    [
      'another text',
      'hash',
      (entry) => ({ ...update({ set: [entry] }), texts: { [entry.name]: entry.text.replace('2.1.0', '9.1.0') } }),
    ],
  ])('%s', (_what, expected, make) => {
    expect(category(make(release('2.1.0', 1)))).toBe(expected);
  });
});

test('a releaseCounter must rise with every release of a component', () => {
  expect(category(next({ set: [release('2.2.0', 1)] }), { head: published })).toBe('counter');
  expect(category(next({ set: [release('2.2.0', 2)] }), { head: published })).toBe('accepted');
});

describe('who signs', () => {
  test('attack 21: the development key cannot sign for production', () => {
    expect(category(update({ set: [release('2.1.0', 1)], by: signers.development }))).toBe('threshold');
  });
  test('attack 19: a signature that stands twice is refused', () => {
    const made = update({});
    const metadata = made.metadata.replace(/\[(\{"keyid".*?\})\]/, '[$1,$1]');
    expect(category({ ...made, metadata })).toBe('dup_sig');
  });
});

describe('what is refused before anything else is looked at', () => {
  test.each<[string, string, RoleUpdate]>([
    ['no JSON', 'bad_json', { ...update({}), metadata: 'hello' }],
    [
      'a member twice',
      'bad_json',
      { ...update({}), metadata: update({}).metadata.replace('"version":2', '"version":2,"version":2') },
    ],
    ['more than 128 KB', 'too_long', { ...update({}), metadata: ' '.repeat(129 * 1024) }],
    ['a version further', 'version', bent(update({}), (signed) => ({ ...signed, version: 4 }))],
    [
      'a name outside its environment',
      'name',
      bent(update({}), (signed) => ({
        ...signed,
        targets: { ...signed.targets, 'policy/staging.json': signed.targets['policy/production.json'] },
      })),
    ],
    [
      'a name that is no target',
      'name',
      bent(update({}), (signed) => ({
        ...signed,
        targets: { ...signed.targets, constructor: signed.targets['policy/production.json'] },
      })),
    ],
    ['an expiry in the past', 'expiry', bent(update({}), (signed) => ({ ...signed, expires: '2026-11-21T08:59:59Z' }))],
    [
      'an expiry in ten years',
      'expiry',
      bent(update({}), (signed) => ({ ...signed, expires: '2036-11-21T09:00:00Z' })),
    ],
    ['an own delegation', 'name', bent(update({}), (signed) => ({ ...signed, delegations: { keys: {}, roles: [] } }))],
  ])('%s', (_what, expected, made) => {
    expect(category(made)).toBe(expected);
  });
});

describe('the policy of an environment', () => {
  const name = 'policy/production.json';
  const withPolicy = (text: string) =>
    makeRoleUpdate({
      role: 'production',
      current: first.roles.production,
      set: [{ name, text }],
      signers: production,
      now: NOW,
    });
  test('may change', () => {
    const policy = { ...emptyPolicy('production'), version: 2, floor: { 'duck-policy': 3 } };
    expect(category(withPolicy(canonicalJson(policy)))).toBe('accepted');
  });
  test('of another environment is refused', () => {
    expect(category(withPolicy(canonicalJson(emptyPolicy('staging'))))).toBe('wrong_env');
  });
  test('that is no policy is refused', () => {
    expect(category(withPolicy('{"floor":{}}'))).toBe('bad_json');
  });
});

describe('a new root', () => {
  const [old] = signers.root;
  const root = parseOwn(RootMetadata, first.root).signed;
  const fresh = [testSigner(21), testSigner(22), testSigner(23)];
  if (!old) throw new TypeError('one root key was meant');
  const twoOfThree = {
    ...root,
    version: 2,
    keys: { ...root.keys, ...Object.fromEntries(fresh.map((signer) => [signer.keyid, tufKey(signer.publicKey)])) },
    roles: { ...root.roles, root: { keyids: fresh.map(({ keyid }) => keyid), threshold: 2 } },
  };
  const offer = (signed: object, by: readonly Signer[]): RoleUpdate => ({
    role: 'root',
    base: 1,
    metadata: signMetadata(signed, by),
    texts: {},
    removes: [],
  });
  test('may raise a small team to 2 of 3, signed by old and new keys', () => {
    expect(category(offer(twoOfThree, [old, ...fresh.slice(0, 2)]))).toBe('accepted');
  });
  test('without the old key is refused', () => {
    expect(category(offer(twoOfThree, fresh.slice(0, 2)))).toBe('threshold');
  });
  test('with one of two new keys is refused', () => {
    expect(category(offer(twoOfThree, [old, ...fresh.slice(0, 1)]))).toBe('threshold');
  });
  test('attack 18: a key under a wrong id is refused', () => {
    const keys = { ...twoOfThree.keys, ['a'.repeat(64)]: tufKey(testSigner(1).publicKey) };
    expect(category(offer({ ...twoOfThree, keys }, [old, ...fresh]))).toBe('keyid');
  });
  test('attack 26: a key of small order is refused', () => {
    const identity = tufKey(`01${'00'.repeat(31)}`);
    const keys = { ...twoOfThree.keys, [keyIdOf(identity.keyval.public)]: identity };
    expect(category(offer({ ...twoOfThree, keys }, [old, ...fresh]))).toBe('bad_key');
  });
  test("that does not name this server's online keys is refused", () => {
    const roles = { ...twoOfThree.roles, timestamp: { keyids: [old.keyid], threshold: 1 } };
    expect(category(offer({ ...twoOfThree, roles }, [old, ...fresh]))).toBe('keys');
  });
  test('under which the published targets would not hold is refused', () => {
    const roles = { ...twoOfThree.roles, targets: { keyids: [old.keyid], threshold: 1 } };
    expect(category(offer({ ...twoOfThree, roles }, [old, ...fresh]))).toBe('threshold');
  });
});

describe('a new targets role', () => {
  const targets = parseOwn(TargetsMetadata, first.targets).signed;
  const offer = (signed: object, by = signers.targets): RoleUpdate => ({
    role: 'targets',
    base: 1,
    metadata: signMetadata(signed, by),
    texts: {},
    removes: [],
  });
  const delegated = (bend: (role: object) => object) => ({
    ...targets,
    version: 2,
    delegations: { keys: targets.delegations?.keys, roles: targets.delegations?.roles.map(bend) },
  });
  test('may renew what it says', () => {
    expect(category(offer({ ...targets, version: 2 }))).toBe('accepted');
  });
  test('attack 20: signed with an online key is refused', () => {
    expect(category(offer({ ...targets, version: 2 }, [testSigner(6)]))).toBe('threshold');
  });
  test('with a release in it is refused', () => {
    const entry = targets.targets['trust/director.json'];
    const name = 'releases/production/duck-policy-2.1.0.json';
    expect(category(offer({ ...targets, version: 2, targets: { ...targets.targets, [name]: entry } }))).toBe('name');
  });
  test.each<[string, (role: object) => object]>([
    ['that do not terminate', (role) => ({ ...role, terminating: false })],
    ['for other paths', (role) => ({ ...role, paths: ['*'] })],
  ])('with delegations %s is refused', (_what, bend) => {
    expect(category(offer(delegated(bend)))).toBe('keys');
  });
  test('under which a published environment would not hold is refused', () => {
    const stranger = testSigner(31);
    const roles = targets.delegations?.roles.map((role) =>
      role.name === 'production' ? { ...role, keyids: [stranger.keyid] } : role,
    );
    const keys = { ...targets.delegations?.keys, [stranger.keyid]: tufKey(stranger.publicKey) };
    expect(category(offer({ ...targets, version: 2, delegations: { keys, roles } }))).toBe('threshold');
  });
  test('an expired director key cannot be renewed as it is', () => {
    const made = makeRoleUpdate({
      role: 'targets',
      current: first.targets,
      set: [{ name: 'trust/director.json', text: `${first.texts['trust/director.json']} ` }],
      signers: signers.targets,
      now: NOW + 91 * DAY,
    });
    expect(category(made, { now: NOW + 91 * DAY })).toBe('keys');
  });
});
