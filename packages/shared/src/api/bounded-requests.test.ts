/** Whatever a request can hold is bounded: a new route is covered by itself. */
import { expect, test } from 'vitest';
import type { Route } from './route.ts';
import { V1 } from './v1.ts';

type Schema = Readonly<Record<string, unknown>>;
const isSchema = (value: unknown): value is Schema => typeof value === 'object' && value !== null;
const schemasIn = (value: unknown): Schema[] => (Array.isArray(value) ? value.filter(isSchema) : []);
const entriesIn = (value: unknown): [string, unknown][] => (isSchema(value) ? Object.entries(value) : []);

/** Every place of the schema that holds more than anybody needs, as `body.reason: …`. */
function unboundedIn(schema: unknown, at: string): string[] {
  if (!isSchema(schema) || 'enum' in schema || 'const' in schema) return [];
  const branches = [...schemasIn(schema['anyOf']), ...schemasIn(schema['oneOf']), ...schemasIn(schema['allOf'])];
  if (branches.length > 0) return branches.flatMap((branch) => unboundedIn(branch, at));
  switch (schema['type']) {
    case 'string':
      return 'maxLength' in schema || hasBoundedPattern(schema) ? [] : [`${at}: a text without maxLength`];
    case 'integer':
      return 'maximum' in schema ? [] : [`${at}: an integer without maximum`];
    case 'array':
      return [
        ...('maxItems' in schema ? [] : [`${at}: a list without maxItems`]),
        ...unboundedIn(schema['items'], `${at}[]`),
      ];
    case 'object':
      return unboundedInObject(schema, at);
    case 'boolean':
    case 'null':
    case 'number':
      return [];
    default:
      return [`${at}: anything`];
  }
}

function unboundedInObject(schema: Schema, at: string): string[] {
  const maps = entriesIn(schema['patternProperties']);
  const isOpen = schema['additionalProperties'] !== false && maps.length === 0;
  return [
    ...(isOpen ? [`${at}: any other key`] : []),
    ...(maps.length > 0 && !('maxProperties' in schema) ? [`${at}: a map without maxProperties`] : []),
    ...[...entriesIn(schema['properties']), ...maps].flatMap(([key, each]) => unboundedIn(each, `${at}.${key}`)),
  ];
}

/** Without `*`, `+` or `{n,}` outside of character classes. */
const hasBoundedPattern = ({ pattern }: Schema): boolean =>
  typeof pattern === 'string' && !/[*+]|\{\d+,\}/.test(pattern.replace(/\\./g, '').replace(/\[[^\]]*\]/g, ''));

const ROUTES = V1.flatMap((api) => Object.entries(api)).map(([name, route]) => ({ name, route: route as Route }));

test('attack 126: every text, integer, list and map of every request has a maximum', () => {
  const unbounded = ROUTES.flatMap(({ name, route }) =>
    [route.params, route.query, route.body].flatMap((part) => unboundedIn(part, name)),
  );
  expect([...new Set(unbounded)]).toEqual([]);
});

test('the guard is guarded: each kind of unbounded value is found', () => {
  const properties = {
    text: { type: 'string' },
    endless: { type: 'string', pattern: '^a+$' },
    count: { type: 'integer', minimum: 0 },
    list: { type: 'array', items: { type: 'string' } },
    map: { type: 'object', patternProperties: { '^.*$': { type: 'boolean' } } },
    open: { type: 'object', properties: {} },
    either: { anyOf: [{ type: 'null' }, { type: 'integer' }] },
    whatever: {},
    fine: { type: 'string', pattern: '^[a-z*+]{1,5}$' },
  };
  expect(unboundedIn({ type: 'object', additionalProperties: false, properties }, 'x')).toHaveLength(9);
});
