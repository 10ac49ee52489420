/** Finds where a schema has a key, for people who wrote the key in another place. */
type Json = Readonly<Record<string, unknown>>;

const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Dotted, `[]` for each entry of a list: `smokeTests[].onnx`. The top of the file is `the top level`. */
export function keyPlaces(schema: unknown, key: string): string[] {
  const places = new Set<string>();
  walk(schema, '', (properties, place) => {
    if (Object.hasOwn(properties, key)) places.add(place || 'the top level');
  });
  return [...places];
}

function walk(schema: unknown, place: string, onObject: (properties: Json, place: string) => void): void {
  if (!isObject(schema)) return;
  const { properties, items, anyOf } = schema;
  if (isObject(properties)) {
    onObject(properties, place);
    for (const [key, inner] of Object.entries(properties))
      walk(inner, place === '' ? key : `${place}.${key}`, onObject);
  }
  walk(items, `${place}[]`, onObject);
  if (Array.isArray(anyOf)) for (const branch of anyOf) walk(branch, place, onObject);
}
