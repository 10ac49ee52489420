import { sha256Hex } from '@fairlead/shared/trust/digest';
import { describe, expect, test } from 'vitest';
import type { ApiToken, User } from './people.ts';
import type { Store } from './store.ts';

const user = (name: string, more: Partial<User> = {}): User => ({
  id: `id-of-${name}`,
  name,
  role: 'viewer',
  passwordHash: 'hash',
  sessionGeneration: 1,
  mustChangePassword: false,
  createdAt: 1_000,
  ...more,
});
const token = (id: string, owner: string, more: Partial<ApiToken> = {}): ApiToken => ({
  id,
  userId: `id-of-${owner}`,
  name: 'ci',
  role: 'viewer',
  secretSha256: sha256Hex(id),
  createdAt: 2_000,
  ...more,
});

export function describePeople(open: () => Promise<Store>): void {
  describe('people', () => {
    test('a user is found as inserted, and all come by name', async () => {
      const { people } = await open();
      expect(await people.insert(user('eve', { role: 'admin' }))).toBe(true);
      await people.insert(user('adam'));
      expect(await people.find('eve')).toEqual(user('eve', { role: 'admin' }));
      expect(await people.findById('id-of-eve')).toEqual(user('eve', { role: 'admin' }));
      expect(await people.find('nobody')).toBeUndefined();
      expect(await people.findById('nobody')).toBeUndefined();
      expect((await people.all()).map(({ name }) => name)).toEqual(['adam', 'eve']);
    });

    test('a name that is taken keeps its first user', async () => {
      const { people } = await open();
      await people.insert(user('eve', { role: 'admin' }));
      expect(await people.insert(user('eve', { id: 'another' }))).toBe(false);
      expect(await people.find('eve')).toMatchObject({ role: 'admin' });
    });

    test('replacing keeps id, name and time of creation', async () => {
      const { people } = await open();
      await people.insert(user('eve'));
      const changed = {
        role: 'operator',
        sessionGeneration: 2,
        passwordHash: 'new',
        mustChangePassword: true,
      } as const;
      await people.replace(user('eve', { ...changed, createdAt: 9 }));
      const replaced = user('eve', changed);
      expect(await people.find('eve')).toEqual(replaced);
    });

    test('a token is found by the digest of its secret, and goes with its user', async () => {
      const { people } = await open();
      await people.insert(user('eve'));
      await people.insertToken(token('t1', 'eve', { expiresAt: 5_000 }));
      await people.insertToken(token('t2', 'eve', { createdAt: 1_000 }));
      await people.markTokenUsed('t1', 3_000);
      const used = token('t1', 'eve', { expiresAt: 5_000, lastUsedAt: 3_000 });
      expect(await people.findToken(sha256Hex('t1'))).toEqual(used);
      expect((await people.allTokens()).map(({ id }) => id)).toEqual(['t2', 't1']);
      await people.removeToken('t2');
      await people.remove('id-of-eve');
      expect(await people.allTokens()).toEqual([]);
    });

    test('a token goes with the token that made it, at any depth', async () => {
      const { people } = await open();
      await people.insert(user('eve'));
      await people.insertToken(token('t1', 'eve'));
      await people.insertToken(token('t2', 'eve', { madeBy: 't1' }));
      await people.insertToken(token('t3', 'eve', { madeBy: 't2' }));
      await people.insertToken(token('t4', 'eve'));
      expect(await people.findToken(sha256Hex('t2'))).toEqual(token('t2', 'eve', { madeBy: 't1' }));
      await people.removeToken('t1');
      expect((await people.allTokens()).map(({ id }) => id)).toEqual(['t4']);
      await expect(people.insertToken(token('t5', 'eve', { madeBy: 't1' }))).rejects.toThrow();
    });

    test('an enrollment token goes with the person or the API token that made it', async () => {
      const { people, enrolmentTokens } = await open();
      await people.insert(user('eve'));
      await people.insertToken(token('t1', 'eve'));
      const made = (id: string, by: { readonly userId?: string; readonly apiToken?: string }) =>
        enrolmentTokens.insert({
          id,
          secretSha256: sha256Hex(id),
          environment: 'staging',
          createdBy: 'eve',
          createdAt: 1_000,
          expiresAt: 9_000,
          ...by,
        });
      await made('by-eve', { userId: 'id-of-eve' });
      await made('by-token', { userId: 'id-of-eve', apiToken: 't1' });
      await made('by-nobody', {});
      const left = async () => (await enrolmentTokens.usable(2_000)).map(({ id }) => id).sort();
      await people.removeToken('t1');
      expect(await left()).toEqual(['by-eve', 'by-nobody']);
      await people.remove('id-of-eve');
      expect(await left()).toEqual(['by-nobody']);
    });

    test('a session that was logged out has ended until it would have expired', async () => {
      const { people } = await open();
      await people.endSession('s1', 5_000);
      await people.endSession('s1', 5_000);
      await people.forgetEndedSessions(5_000);
      expect([await people.hasSessionEnded('s1'), await people.hasSessionEnded('s2')]).toEqual([true, false]);
      await people.forgetEndedSessions(5_001);
      expect(await people.hasSessionEnded('s1')).toBe(false);
    });

    test('no token belongs to nobody', async () => {
      const { people } = await open();
      await expect(people.insertToken(token('t1', 'nobody'))).rejects.toThrow();
    });
  });
}
