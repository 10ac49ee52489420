/** Arguments are parsed with the API's own schemas, before anything is sent: a misspelt name is a usage error. */
import { type ReleaseRef as Ref, ReleaseRef } from '@fairlead/shared/ids';
import { parse } from '@fairlead/shared/parse';
import { InvalidArgumentError } from 'commander';
import { type Static, type TSchema, Type } from 'typebox';

/** A commander parser that accepts what `schema` accepts; numbers are read where the schema wants one. */
export const argument =
  <S extends TSchema>(schema: S) =>
  (text: string): Static<S> => {
    const asText = parse(schema, text);
    if (asText.ok) return asText.value;
    const asNumber = parse(schema, text.trim() === '' ? undefined : Number(text));
    if (asNumber.ok) return asNumber.value;
    throw new InvalidArgumentError(describeSchema(schema) ?? asText.refused.map(({ message }) => message).join(', '));
  };

/** How many items of a list. */
export const howMany = argument(Type.Integer({ minimum: 1, maximum: 500, description: '1 to 500.' }));

/** `component@version`. */
export function releaseArgument(text: string): Ref {
  const at = text.indexOf('@');
  const ref = parse(ReleaseRef, { component: text.slice(0, Math.max(at, 0)), version: text.slice(at + 1) });
  if (ref.ok) return ref.value;
  throw new InvalidArgumentError('A release is COMPONENT@VERSION, as in duck-policy@2.1.0.');
}

/** What the schema's author says it is, for people. */
export const describeSchema = (schema: TSchema): string | undefined =>
  'description' in schema && typeof schema.description === 'string' ? schema.description : undefined;
