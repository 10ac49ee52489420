import { sha256Hex } from '@fairlead/shared/trust/digest';
import { describe, expect, test } from 'vitest';
import type { ApiToken, User } from './people.ts';
import type { Store } from './store.ts';

const user = (name: string, more: Partial<User> = {}): User => ({
  name,
  role: 'viewer',
  passwordHash: 'hash',
  sessionGeneration: 1,
  createdAt: 1_000,
  ...more,
});
const token = (id: string, owner: string, more: Partial<ApiToken> = {}): ApiToken => ({
  id,
  user: owner,
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
      expect(await people.find('nobody')).toBeUndefined();
      expect((await people.all()).map(({ name }) => name)).toEqual(['adam', 'eve']);
    });

    test('a name that is taken keeps its first user', async () => {
      const { people } = await open();
      await people.insert(user('eve', { role: 'admin' }));
      expect(await people.insert(user('eve'))).toBe(false);
      expect(await people.find('eve')).toMatchObject({ role: 'admin' });
    });

    test('replacing keeps name and time of creation', async () => {
      const { people } = await open();
      await people.insert(user('eve'));
      await people.replace(user('eve', { role: 'operator', sessionGeneration: 2, passwordHash: 'new', createdAt: 9 }));
      const replaced = user('eve', { role: 'operator', sessionGeneration: 2, passwordHash: 'new' });
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
      await people.remove('eve');
      expect(await people.allTokens()).toEqual([]);
    });

    test('no token belongs to nobody', async () => {
      const { people } = await open();
      await expect(people.insertToken(token('t1', 'nobody'))).rejects.toThrow();
    });
  });
}
