/** Writes a schema that a document holds in many places down once, under its name, and refers to it everywhere else. */
import type { TSchema } from 'typebox';

type Json = unknown;

/** `named` become `#/components/schemas/NAME`; the answer holds them and the document that refers to them. */
export function shareSchemas(
  document: Json,
  named: Readonly<Record<string, TSchema>>,
): { readonly document: Json; readonly schemas: Readonly<Record<string, Json>> } {
  const plain = Object.entries(named).map(([name, schema]) => [name, toPlain(schema)] as const);
  // By their text: the printed document is plain JSON and has no identities left.
  const names = new Map(plain.map(([name, schema]) => [JSON.stringify(schema), name]));
  const refer = (value: Json, isRoot = false): Json => {
    if (typeof value !== 'object' || value === null) return value;
    const name = isRoot ? undefined : names.get(JSON.stringify(value));
    if (name !== undefined) return { $ref: `#/components/schemas/${name}` };
    if (Array.isArray(value)) return value.map((each) => refer(each));
    return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, refer(each)]));
  };
  return {
    document: refer(toPlain(document)),
    schemas: Object.fromEntries(plain.map(([name, schema]) => [name, refer(schema, true)])),
  };
}

/** Through text: without TypeBox's hidden marks. */
const toPlain = (value: unknown): Json => JSON.parse(JSON.stringify(value)) as Json;
