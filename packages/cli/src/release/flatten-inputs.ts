/** Nested lists, as numpy's `tolist()` writes them, become the flat row-major list that a golden holds. */

export interface Flattened {
  /** The same document with flat data; what is not of the expected form is left for the schema to report. */
  readonly value: unknown;
  /** One for each input whose lists do not make a tensor, by case and input. */
  readonly mistakes: readonly string[];
}
type Json = Readonly<Record<string, unknown>>;

/** `dims` may be left out: the nesting says them. */
export function flattenInputs(document: unknown): Flattened {
  if (!isObject(document) || !Array.isArray(document['cases'])) return { value: document, mistakes: [] };
  const mistakes: string[] = [];
  const cases = document['cases'].map((one: unknown, index): unknown => {
    if (!isObject(one) || !isObject(one['inputs'])) return one;
    const name = typeof one['case'] === 'string' ? `case "${one['case']}"` : `case ${index + 1}`;
    const inputs = Object.entries(one['inputs']).map(([input, tensor]): [string, unknown] => {
      const flat = isObject(tensor) ? flattenTensor(tensor) : { tensor, mistake: undefined };
      if (flat.mistake !== undefined) mistakes.push(`${name}, input "${input}": ${flat.mistake}`);
      return [input, flat.tensor];
    });
    return { ...one, inputs: Object.fromEntries(inputs) };
  });
  return { value: { ...document, cases }, mistakes };
}

function flattenTensor(tensor: Json): { readonly tensor: unknown; readonly mistake: string | undefined } {
  const { data, dims } = tensor;
  if (!Array.isArray(data)) return { tensor, mistake: undefined };
  const shape = shapeOf(data);
  const flat: unknown[] = [];
  const ragged = flatten(data, shape, 0, 'data', flat);
  if (ragged !== undefined) return { tensor, mistake: ragged };
  const nested = shape.length > 1;
  if (nested && Array.isArray(dims) && `${dims.map(String)}` !== `${shape}`) {
    const next = 'correct one of them, or write data as one flat list (numpy: .ravel().tolist())';
    return { tensor, mistake: `data is nested as [${shape}], but dims is [${dims.map(String)}]: ${next}` };
  }
  return { tensor: { ...tensor, dims: dims ?? shape, data: flat }, mistake: undefined };
}

/** The lengths along the first element of each level. */
function shapeOf(data: readonly unknown[]): number[] {
  const shape: number[] = [];
  for (let level: unknown = data; Array.isArray(level); level = level[0]) shape.push(level.length);
  return shape;
}

/** Appends the elements to `flat`; returns what keeps the lists from being a tensor, or undefined. */
function flatten(
  list: readonly unknown[],
  shape: readonly number[],
  depth: number,
  at: string,
  flat: unknown[],
): string | undefined {
  if (list.length !== shape[depth]) return `${at} has ${list.length} elements, its neighbors have ${shape[depth]}`;
  const innermost = depth === shape.length - 1;
  for (const [index, element] of list.entries()) {
    const here = `${at}[${index}]`;
    if (Array.isArray(element)) {
      if (innermost) return `${here} is a list, its neighbors are not`;
      const wrong = flatten(element, shape, depth + 1, here, flat);
      if (wrong !== undefined) return wrong;
    } else if (!innermost) return `${here} is not a list, its neighbors are`;
    else if (!ELEMENT.has(typeof element)) {
      return `${here} is ${JSON.stringify(element)}, which is not a number, "NaN", a text, true or false`;
    } else flat.push(element);
  }
  return undefined;
}

const ELEMENT: ReadonlySet<string> = new Set(['number', 'string', 'boolean']);
const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
