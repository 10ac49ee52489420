/**
 * A key that other tables refer to is never written again. To SQLite that would be a change of it, even to the same
 * value: it looks through every row that might refer to it, and one report would cost more the larger the fleet is.
 */
import type { OperationNode } from 'kysely';
import { ColumnNode, InsertQueryNode, TableNode, UpdateQueryNode } from 'kysely';
import { expect, onTestFinished, test } from 'vitest';
import { kyselyStore } from './kysely-store.ts';
import { migrate } from './migrate.ts';
import { openSqlite } from './sqlite-database.ts';
import { deployment, RO, withRollout } from './testing/stored-rollout.ts';

const KEYS: Readonly<Record<string, string>> = { deployments: 'deployment', robots: 'robot', rollouts: 'rollout' };

interface Written {
  readonly table: string;
  readonly columns: readonly string[];
}

/** What an update, or an insert that becomes one, writes into a row that is there already. */
function written(node: OperationNode): Written | undefined {
  const [into, updates] = UpdateQueryNode.is(node)
    ? [node.table, node.updates]
    : InsertQueryNode.is(node)
      ? [node.into, node.onConflict?.updates]
      : [];
  if (!into || !TableNode.is(into) || !updates) return undefined;
  const columns = updates.flatMap(({ column }) => (ColumnNode.is(column) ? [column.column.name] : []));
  return { table: into.table.identifier.name, columns };
}

test('nothing that is saved a second time writes the key that others refer to', async () => {
  const seen: Written[] = [];
  const store = await withRollout(async () => {
    const database = openSqlite(':memory:');
    await migrate(database);
    const looking = database.withPlugin({
      transformQuery({ node }) {
        const one = written(node);
        if (one) seen.push(one);
        return node;
      },
      transformResult: async ({ result }) => result,
    });
    const opened = kyselyStore(looking);
    onTestFinished(() => opened.close());
    return opened;
  });
  const { robots, rollouts, deployments } = store;
  const [rollout, robot] = [await rollouts.find(RO), await robots.find(deployment(1, 'pending').robot)];
  if (!rollout || !robot) throw new Error('both are there');
  await robots.save({ ...robot, group: 'dock' });
  await rollouts.replace({ ...rollout, generation: rollout.generation + 1 });
  await deployments.save(deployment(1, 'pending'));
  await deployments.save(deployment(1, 'waiting'));
  const concerned = seen.filter(({ table }) => KEYS[table] !== undefined);
  expect(new Set(concerned.map(({ table }) => table))).toEqual(new Set(Object.keys(KEYS)));
  for (const { table, columns } of concerned) expect(columns).not.toContain(KEYS[table]);
});
