/**
 * Parse once, at the edge; inside, the type is the proof. Every boundary that is not an HTTP route (those
 * are checked by Fastify with the same schemas) calls `parse` and gets a typed value or the list of what is
 * wrong, each with the JSON pointer of the place.
 */
import type { Static, TSchema } from 'typebox';
import { Compile, Errors, type Validator } from 'typebox/schema';
import { Settings } from 'typebox/system';
import { NO_CONTROL_CHARACTERS } from './bounds.ts';
import { closestWord } from './closest-word.ts';
import { accept, type Result, refuse } from './failure.ts';
import { keyPlaces } from './key-places.ts';
import { narrowUnions } from './narrow-unions.ts';

export interface Mistake {
  /** JSON pointer (RFC 6901) of the offending value, '' for the whole document. */
  readonly at: string;
  readonly message: string;
  /** The key that should not be there; `at` is then the object that holds it. */
  readonly unknownKey?: string;
  /** The JSON types that fit here (`string`, `array`, …), where the type is what is wrong. */
  readonly expected?: readonly string[];
}

/** TypeBox stops after eight: a person who fixes eight mistakes does not want to meet the ninth. */
Settings.Set({ maxErrors: 100 });

const compiled = new WeakMap<TSchema, Validator>();

/** Checks `value` against `schema`. At most 20 mistakes are told; union branches that were not meant are left out. */
export function parse<S extends TSchema>(schema: S, value: unknown): Result<Static<S>, readonly Mistake[]> {
  let validator = compiled.get(schema);
  if (!validator) compiled.set(schema, (validator = Compile(schema)));
  if (validator.Check(value)) return accept(value as Static<S>);
  const told = narrowUnions(schema, value) as TSchema;
  const [, narrowed] = Errors(told, value);
  // Narrowing only chooses what to tell: were it ever too kind, the whole schema still speaks.
  const errors = narrowed.length > 0 ? narrowed : Errors(schema, value)[1];
  return refuse(joinTypes(dedupe(errors.flatMap((error) => toMistakes(error, told, schema)))).slice(0, 20));
}

/**
 * The entries of a record that `schema` accepts, where it has become stricter since they were written: the others are left
 * out, and keep nobody from working with the rest. Of too many entries the first are kept.
 */
export function parseEntries<S extends TSchema>(schema: S, value: unknown): Static<S> {
  const whole = parse(schema, value);
  if (whole.ok) return whole.value;
  const entries = Object.entries(Object(value) as object).filter(([key, entry]) => parse(schema, { [key]: entry }).ok);
  const { maxProperties = entries.length } = schema as { readonly maxProperties?: number };
  return Object.fromEntries(entries.slice(0, maxProperties)) as Static<S>;
}

interface SchemaError {
  readonly keyword: string;
  readonly schemaPath: string;
  readonly instancePath: string;
  readonly message: string;
  readonly params?: unknown;
}

/** `schema` is what the error was found with; `whole` still has every branch of its unions. */
function toMistakes(
  { keyword, schemaPath, instancePath: at, message, params }: SchemaError,
  schema: unknown,
  whole: unknown,
): Mistake[] {
  const { additionalProperties, allowedValues, allowedValue, type } = (params ?? {}) as {
    additionalProperties?: readonly string[];
    allowedValues?: readonly unknown[];
    allowedValue?: unknown;
    type?: string;
  };
  if (keyword === 'additionalProperties' && additionalProperties) {
    const { properties } = schemaAt(schema, schemaPath);
    const known = isRecord(properties) ? Object.keys(properties) : [];
    return additionalProperties.map((unknownKey): Mistake => {
      return { at, unknownKey, message: `unknown key ${unknownKey}${hintFor(unknownKey, known, whole)}` };
    });
  }
  if (keyword === 'type' && type !== undefined) return [{ at, message, expected: [type] }];
  if (keyword === 'const') return [{ at, message: `must be ${JSON.stringify(allowedValue)}` }];
  if (keyword === 'pattern') return [{ at, message: describePattern(schemaAt(schema, schemaPath)) }];
  if (keyword === 'enum' && allowedValues) return [{ at, message: `must be one of ${allowedValues.join(', ')}` }];
  // The same is said better by the unknown-key line of the object around it.
  if (message === 'schema is false') return [];
  return [{ at, message }];
}

/** A misspelt key of this place, else the places where a key of this name is right. */
function hintFor(key: string, known: readonly string[], schema: unknown): string {
  const meant = closestWord(key, known);
  if (meant) return `; did you mean ${meant}?`;
  const places = keyPlaces(schema, key);
  return places.length > 0 && places.length <= 3 ? `; it belongs in ${places.join(' or ')}` : '';
}

/**
 * One mistake for one wrong type. A union reports each of its branches and then itself, a constant its type and then its
 * value: for a person that is one thing.
 */
function joinTypes(mistakes: readonly Mistake[]): Mistake[] {
  const typesAt = new Map<string, string[]>();
  for (const { at, expected } of mistakes) {
    if (expected) typesAt.set(at, [...(typesAt.get(at) ?? []), ...expected]);
  }
  const joined = new Set<string>();
  return mistakes.flatMap((mistake): Mistake[] => {
    const expected = typesAt.get(mistake.at);
    if (!expected || mistake.unknownKey !== undefined) return [mistake];
    if (joined.has(mistake.at)) return [];
    joined.add(mistake.at);
    return [{ at: mistake.at, message: `must be ${expected.join(' or ')}`, expected }];
  });
}

function schemaAt(schema: unknown, schemaPath: string): Readonly<Record<string, unknown>> {
  const steps = schemaPath.split('/').slice(1);
  const inner = steps.reduce<unknown>((at, step) => (isRecord(at) ? at[step] : undefined), schema);
  return isRecord(inner) ? inner : {};
}

/** The words of the schema's author; a regular expression helps nobody who writes a file. */
const describePattern = ({ description, pattern }: Readonly<Record<string, unknown>>): string => {
  if (pattern === NO_CONTROL_CHARACTERS) return 'must not hold control characters (such as line breaks)';
  return typeof description === 'string' ? `must be: ${description}` : 'does not have the right form';
};

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null;

function dedupe(mistakes: readonly Mistake[]): Mistake[] {
  const seen = new Set<string>();
  return mistakes.filter(({ at, message }) => {
    const line = `${at} ${message}`;
    return !seen.has(line) && seen.add(line);
  });
}
