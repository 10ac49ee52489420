/** A database of before: people, tokens and enrollment tokens were tied to names. */
import { sql } from 'kysely';
import { expect, onTestFinished, test } from 'vitest';
import { kyselyEnrolmentTokens } from './kysely-enrolment-tokens.ts';
import { kyselyPeople } from './kysely-people.ts';
import { peopleAndRobots } from './migrations/0001-people-and-robots.ts';
import { fleetRules } from './migrations/0004-fleet-rules.ts';
import { peopleHaveIds } from './migrations/0013-people-have-ids.ts';
import { openSqlite } from './sqlite-database.ts';

const AT = '2026-11-01T00:00:00.000Z';
const END = '2026-12-01T00:00:00.000Z';

test('people of before keep their tokens under an id of their own, and end them all when they go', async () => {
  const db = openSqlite(':memory:');
  onTestFinished(() => db.destroy());
  await peopleAndRobots.up(db);
  await fleetRules.up(db);
  for (const name of ['alice', 'bob']) {
    await sql`insert into users values (${name}, 'operator', 'hash', 3, ${AT})`.execute(db);
    const digest = name.replace(/./g, 'a').padEnd(64, name === 'bob' ? '0' : '1');
    await sql`insert into api_tokens values (${`t-${name}`}, ${name}, 'ci', 'viewer', ${digest}, ${AT}, null, null)`.execute(
      db,
    );
    await sql`insert into enrolment_tokens values (${`e-${name}`}, ${digest}, 'staging', null, null, null, ${name}, ${AT}, ${END}, null, null)`.execute(
      db,
    );
  }
  await peopleHaveIds.up(db);

  const [people, enrolment] = [kyselyPeople(db), kyselyEnrolmentTokens(db)];
  const [alice, bob] = await people.all();
  expect(alice).toMatchObject({ name: 'alice', sessionGeneration: 3, mustChangePassword: false });
  expect(alice?.id).not.toBe(bob?.id);
  const tokens = await people.allTokens();
  expect(tokens.map(({ id, userId }) => [id, userId])).toEqual([
    ['t-alice', alice?.id],
    ['t-bob', bob?.id],
  ]);
  await people.remove(alice?.id ?? '');
  expect((await people.allTokens()).map(({ id }) => id)).toEqual(['t-bob']);
  expect((await enrolment.usable(Date.parse(AT))).map(({ id }) => id)).toEqual(['e-bob']);
});
