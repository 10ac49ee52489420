import type { Kysely } from 'kysely';
import { readJsonColumn } from './read-column.ts';
import { type FleetRules, NO_RULES, RULE_SCHEMAS, type RuleKind, type RuleOf, type RulesSlice } from './rules.ts';

interface RuleRow {
  kind: string;
  name: string;
  document: string;
}
export interface RuleTables {
  fleet_rules: RuleRow;
}

export const kyselyRules = (db: Kysely<RuleTables>): RulesSlice => ({
  async all() {
    return assemble(await db.selectFrom('fleet_rules').selectAll().orderBy('kind').orderBy('name').execute());
  },
  async save(kind, name, rule) {
    const row = { kind, name, document: JSON.stringify(rule) };
    const insert = db.insertInto('fleet_rules').values(row);
    await insert.onConflict((conflict) => conflict.columns(['kind', 'name']).doUpdateSet(row)).execute();
  },
  async remove(kind, name) {
    const removal = db.deleteFrom('fleet_rules').where('kind', '=', kind).where('name', '=', name);
    return (await removal.executeTakeFirst()).numDeletedRows > 0n;
  },
});

function assemble(rows: readonly RuleRow[]): FleetRules {
  const of = <K extends RuleKind>(kind: K): readonly (readonly [string, RuleOf<K>])[] =>
    rows.filter((row) => row.kind === kind).map((row) => [row.name, read(kind, row.document)]);
  const rules = <K extends RuleKind>(kind: K) => of(kind).map(([, rule]) => rule);
  return {
    windows: rules('window'),
    groups: rules('group'),
    limits: { ...NO_RULES.limits, ...Object.fromEntries(of('limit')), budgets: [...rules('budget')] },
    environments: { ...NO_RULES.environments, ...Object.fromEntries(of('environment')) },
  };
}

/** Rules are read at every step of every rollout and change once a week: each text is parsed once. */
const parsed = new Map<string, unknown>();
const KEPT = 2000;

function read<K extends RuleKind>(kind: K, document: string): RuleOf<K> {
  const key = `${kind} ${document}`;
  if (!parsed.has(key)) {
    if (parsed.size >= KEPT) parsed.clear();
    parsed.set(key, readJsonColumn(RULE_SCHEMAS[kind], document));
  }
  return parsed.get(key) as RuleOf<K>;
}
