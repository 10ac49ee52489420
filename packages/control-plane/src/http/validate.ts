/** Requests are checked by the same `parse` as every other boundary: closed objects, no coercion, mistakes by place. */
import { parse } from '@fairlead/shared/parse';
import type { FastifySchemaCompiler } from 'fastify';
import type { TSchema } from 'typebox';
import { problem } from './problem.ts';

const PARTS: Readonly<Record<string, string>> = { body: 'The body', querystring: 'The query', params: 'The path' };

export const validatorCompiler: FastifySchemaCompiler<TSchema> = ({ schema, httpPart = 'body' }) => {
  return (given: unknown) => {
    if (httpPart !== 'body' && holdsNul(given)) {
      return { error: problem('bad_request', `${PARTS[httpPart] ?? httpPart} holds a NUL character (%00).`) };
    }
    const value = httpPart === 'querystring' ? readNumbers(schema, given) : given;
    const parsed = parse(schema, value);
    if (parsed.ok) return { value: parsed.value };
    const mistakes = parsed.refused;
    const told = mistakes.map(({ at, message }) => (at ? `${at} ${message}` : message)).join('; ');
    const error = problem('bad_request', `${PARTS[httpPart] ?? httpPart} is not of the right form: ${told}`, {
      hint: 'GET /api/v1/openapi.json describes every route.',
      mistakes,
    });
    return { error };
  };
};

/** No name and no text of Fairlead holds one, and PostgreSQL refuses it. */
const holdsNul = (given: unknown): boolean =>
  typeof given === 'object' &&
  given !== null &&
  Object.values(given)
    .flat()
    .some((text) => String(text).includes('\0'));

/** A query string holds only text: its numbers, and nothing else, are read as what the schema says. */
function readNumbers(schema: TSchema, given: unknown): unknown {
  if (typeof given !== 'object' || given === null) return given;
  const properties: Readonly<Record<string, { type?: unknown }>> =
    'properties' in schema ? Object(schema.properties) : {};
  const read = ([name, text]: [string, unknown]) => {
    const type = properties[name]?.type;
    const isNumber = (type === 'integer' || type === 'number') && typeof text === 'string';
    return [name, isNumber && /^-?[0-9]{1,15}(\.[0-9]{1,9})?$/.test(text) ? Number(text) : text];
  };
  return Object.fromEntries(Object.entries(given).map(read));
}
