/** Arguments are parsed with the API's own schemas, before anything is sent: a misspelt name is a usage error. */
import { type ReleaseRef as Ref, ReleaseRef, RobotId } from '@fairlead/shared/ids';
import { type Mistake, parse } from '@fairlead/shared/parse';
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
    throw new InvalidArgumentError(describeMistake(schema, asText.refused));
  };

/** Names something that exists. Text that can be no such name is refused with the command that lists the right ones. */
export const existing =
  <S extends TSchema>(schema: S, list: string) =>
  (text: string): Static<S> => {
    const found = parse(schema, text);
    if (found.ok) return found.value;
    throw misspelt(describeMistake(schema, found.refused), list);
  };

const misspelt = (form: string, list: string) => new InvalidArgumentError(`${form}\nnext:  See ${list}.`);

const describeMistake = (schema: TSchema, mistakes: readonly Mistake[]): string =>
  describeSchema(schema) ?? mistakes.map(({ message }) => message).join(', ');

export const existingRobot = existing(RobotId, 'fairlead robot list');

/** How many items of a list. */
export const howMany = argument(Type.Integer({ minimum: 1, maximum: 500, description: '1 to 500.' }));

/** `component@version`. */
export function releaseArgument(text: string): Ref {
  const at = text.indexOf('@');
  const ref = parse(ReleaseRef, { component: text.slice(0, Math.max(at, 0)), version: text.slice(at + 1) });
  if (ref.ok) return ref.value;
  throw misspelt('A release is COMPONENT@VERSION, as in duck-policy@2.1.0.', 'fairlead release list');
}

/** What the schema's author says it is, for people; of a word from a list, the list. */
export function describeSchema(schema: TSchema): string | undefined {
  const described = 'description' in schema && typeof schema.description === 'string' ? schema.description : undefined;
  if (!('enum' in schema) || !Array.isArray(schema.enum)) return described;
  return `One of: ${schema.enum.map(String).join(', ')}.`;
}
