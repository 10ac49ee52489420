/**
 * Parse once, at the edge; inside, the type is the proof. Every boundary that is not an HTTP route (those
 * are checked by Fastify with the same schemas) calls `parse` and gets a typed value or the list of what is
 * wrong, each with the JSON pointer of the place.
 */
import type { Static, TSchema } from 'typebox';
import { Compile, type Validator } from 'typebox/compile';
import { accept, type Result, refuse } from './failure.ts';

export interface Mistake {
  /** JSON pointer (RFC 6901) of the offending value, '' for the whole document. */
  readonly at: string;
  readonly message: string;
}

const compiled = new WeakMap<TSchema, Validator>();

/** Checks `value` against `schema`. At most 20 mistakes are told; union branches that do not apply are left out. */
export function parse<S extends TSchema>(schema: S, value: unknown): Result<Static<S>, readonly Mistake[]> {
  let validator = compiled.get(schema);
  if (!validator) compiled.set(schema, (validator = Compile(schema)));
  if (validator.Check(value)) return accept(value as Static<S>);
  const mistakes = validator.Errors(value).map(toMistake);
  return refuse(dedupe(mistakes).slice(0, 20));
}

function toMistake(error: { keyword: string; instancePath: string; message: string; params?: unknown }): Mistake {
  const params = (error.params ?? {}) as { additionalProperties?: string[]; allowedValues?: unknown[] };
  if (error.keyword === 'additionalProperties' && params.additionalProperties) {
    return { at: error.instancePath, message: `unknown key ${params.additionalProperties.join(', ')}` };
  }
  if (error.keyword === 'enum' && params.allowedValues) {
    return { at: error.instancePath, message: `must be one of ${params.allowedValues.join(', ')}` };
  }
  return { at: error.instancePath, message: error.message };
}

function dedupe(mistakes: readonly Mistake[]): Mistake[] {
  const seen = new Set<string>();
  return mistakes.filter(({ at, message }) => {
    // 'schema is false' repeats what the unknown-key line beside it says better.
    if (message === 'schema is false' || seen.has(`${at} ${message}`)) return false;
    seen.add(`${at} ${message}`);
    return true;
  });
}
