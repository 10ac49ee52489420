/** Ids of deployments and rollouts sort by the time they were made, so that "newest first" needs no second column. */
import { randomBytes } from 'node:crypto';
import { DeploymentId, RolloutId } from '@fairlead/shared/ids';
import { parse } from '@fairlead/shared/parse';
import type { Clock } from '@fairlead/shared/time';
import type { Static, TSchema } from 'typebox';

/** 36^9 milliseconds last until the year 5188; the counter orders ids of one millisecond. */
const TIME_DIGITS = 9;
const COUNTER_DIGITS = 4;

export const deploymentIds = (clock: Clock, random?: () => string): (() => DeploymentId) =>
  sortingIds(DeploymentId, 'dep_', clock, random);
export const rolloutIds = (clock: Clock, random?: () => string): (() => RolloutId) =>
  sortingIds(RolloutId, 'ro_', clock, random);

function sortingIds<S extends TSchema>(
  schema: S,
  prefix: string,
  clock: Clock,
  random: () => string = randomDigits,
): () => Static<S> {
  let lastTime = 0;
  let counter = 0;
  return () => {
    // A clock set back must not put a new one before an older one.
    const time = Math.max(clock.now(), lastTime);
    counter = time === lastTime ? counter + 1 : 0;
    lastTime = time;
    const digits = (value: number, width: number) => value.toString(36).padStart(width, '0');
    const made = parse(schema, `${prefix}${digits(time, TIME_DIGITS)}${digits(counter, COUNTER_DIGITS)}${random()}`);
    if (!made.ok) throw new Error('an id came out malformed');
    return made.value;
  };
}

/** Tells ids of several replicas apart: 40 bits. */
const randomDigits = (): string =>
  BigInt(`0x${randomBytes(5).toString('hex')}`)
    .toString(36)
    .padStart(8, '0');
