import { randomBytes } from 'node:crypto';
import { generateKeyPair, signerFromSeed } from '@fairlead/shared/trust/ed25519';
import { openEdKey } from '@fairlead/shared/trust/verify-ed25519';
import { describe, expect, onTestFinished, test } from 'vitest';
import { CHEAP } from '../testing/test-control-plane.ts';
import { hashPassword, PASSWORD_COST } from './password.ts';
import { inThreadHasher, type PasswordHasher } from './password-hasher.ts';
import { workerHasher } from './worker-hasher.ts';

function opened(hasher: PasswordHasher): PasswordHasher {
  onTestFinished(() => hasher.close());
  return hasher;
}
const codeOf = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => 'done',
    (error: unknown) => (error instanceof Error && 'code' in error ? error.code : error),
  );

describe.each([
  ['on the own thread', () => inThreadHasher(CHEAP)],
  ['on a thread of its own', () => workerHasher({ cost: CHEAP })],
])('passwords hashed %s', (_name, open) => {
  test('fit their own hash and no other', async () => {
    const hasher = opened(open());
    const hash = await hasher.hash('correct horse battery');
    expect(await hasher.matches('correct horse battery', hash)).toBe(true);
    expect(await hasher.matches('correct horse batteries', hash)).toBe(false);
    expect(await hasher.matches('correct horse battery', hasher.unmatchable)).toBe(false);
  });
});

test('attack 124: while many log in, the signature of a robot is verified before the first password is', async () => {
  const hasher = opened(workerHasher());
  const signer = signerFromSeed(generateKeyPair().seed);
  const message = randomBytes(500);
  const ended: string[] = [];
  // More than Node's thread pool has threads.
  const logins = Array.from({ length: 8 }, (_, n) => hasher.hash(`password ${n}`).then(() => ended.push('password')));
  const verified = openEdKey(signer.publicKey)?.verifyAside(message, signer.sign(message));
  expect(await verified?.finally(() => ended.push('signature'))).toBe(true);
  await Promise.all(logins);
  expect(ended[0]).toBe('signature');
}, 60_000);

test('attack 124: who hung up is not served, and makes room at once; whoever comes when too many wait is refused', async () => {
  const hasher = opened(workerHasher({ cost: CHEAP, maxWaiting: 2 }));
  const gone = new AbortController();
  const [served, left] = [codeOf(hasher.hash('one')), codeOf(hasher.hash('two', { signal: gone.signal }))];
  const patient = codeOf(hasher.hash('three'));
  expect(await codeOf(hasher.hash('four'))).toBe('rate_limited');
  gone.abort();
  const late = codeOf(hasher.hash('five'));
  expect(await Promise.all([served, left, patient, late])).toEqual(['done', 'unavailable', 'done', 'done']);
});

test('attack 125: strangers who fill the queue keep nobody out who was here before, and wait behind', async () => {
  const hasher = opened(workerHasher({ cost: CHEAP, maxWaiting: 2 }));
  const order: string[] = [];
  const log = (name: string, isKnown: boolean) =>
    codeOf(hasher.hash(name, { isKnown }).then(() => order.push(name))).then((end) => (end === 'done' ? name : end));
  const strangers = ['served', 'waits', 'waits too', 'refused'].map((name) => log(name, false));
  const known = ['alice', 'bob'].map((name) => log(name, true));
  expect(await Promise.all([...strangers, ...known])).toEqual([
    'served',
    'waits',
    'waits too',
    'rate_limited',
    'alice',
    'bob',
  ]);
  expect(order).toEqual(['served', 'alice', 'bob', 'waits', 'waits too']);
});

test('a hash that cannot be computed fails alone', async () => {
  const hasher = opened(workerHasher({ cost: CHEAP }));
  const impossible = hashPassword('x', CHEAP).replace(/^scrypt\$[0-9]+/, 'scrypt$62');
  const [broken, next] = [hasher.matches('x', impossible), hasher.hash('y')];
  await expect(broken).rejects.toThrow();
  expect(await next).toMatch(/^scrypt\$/);
});

test('what still waits when the server stops is refused', async () => {
  const hasher = workerHasher({ cost: PASSWORD_COST });
  const work = ['one', 'two'].map((password) => codeOf(hasher.hash(password)));
  await hasher.close();
  const [, second] = await Promise.all(work);
  expect(second).toBe('rate_limited');
});
