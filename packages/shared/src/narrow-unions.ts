/**
 * Chooses the branch of a union that a wrong value was meant for, so that a person reads "smokeTests/0/onnx:
 * unknown key modle" and not what is wrong with every branch that nobody wrote.
 */
type Json = Readonly<Record<string, unknown>>;

const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** The schema with every union replaced by the branch that fits `value` best. Only for telling mistakes, never for judging. */
export function narrowUnions(schema: unknown, value: unknown): unknown {
  if (!isObject(schema)) return schema;
  if (Array.isArray(schema['anyOf'])) return narrowUnion(schema, schema['anyOf'].filter(isObject), value);
  if (isObject(schema['properties']) && isObject(value)) {
    const properties = Object.entries(schema['properties']).map(([key, inner]) => [
      key,
      narrowUnions(inner, value[key]),
    ]);
    return { ...schema, properties: Object.fromEntries(properties) };
  }
  if (isObject(schema['items']) && Array.isArray(value)) {
    // Each item may mean another branch: spell them out, one schema per place.
    return { ...schema, items: value.map((item) => narrowUnions(schema['items'], item)) };
  }
  return schema;
}

function narrowUnion(union: Json, branches: readonly Json[], value: unknown): unknown {
  const ofType = branches.filter((branch) => branch['type'] === typeOf(value));
  const meant = ofType.length === 1 ? ofType : branches.filter((branch) => isMeant(branch, value));
  const [only] = meant;
  if (only && meant.length === 1) return narrowUnions(only, value);
  const tagged = branches.map(tagOf);
  if (!isObject(value) || tagged.some((tag) => tag === undefined)) return union;
  // Objects told apart by their one key, and it is none of them or several.
  return {
    type: 'object',
    properties: Object.fromEntries(tagged.map((tag) => [tag, {}])),
    additionalProperties: false,
    maxProperties: 1,
    ...(Object.keys(value).length === 0 ? { minProperties: 1 } : {}),
  };
}

function isMeant(branch: Json, value: unknown): boolean {
  if (isObject(value)) {
    const tag = tagOf(branch);
    if (tag !== undefined) return tag in value;
    return constants(branch).some(([key, constant]) => value[key] === constant);
  }
  return branch['type'] === typeOf(value);
}

const typeOf = (value: unknown): string => (Array.isArray(value) ? 'array' : typeof value);

/** The key of a one-key object such as `{onnx: …}`. */
function tagOf(branch: Json): string | undefined {
  const keys = isObject(branch['properties']) ? Object.keys(branch['properties']) : [];
  return keys.length === 1 ? keys[0] : undefined;
}

const constants = (branch: Json): [string, unknown][] =>
  Object.entries(isObject(branch['properties']) ? branch['properties'] : {}).flatMap(([key, property]) =>
    isObject(property) && 'const' in property ? [[key, property['const']]] : [],
  );
