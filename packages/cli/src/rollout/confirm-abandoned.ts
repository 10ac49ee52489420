/** Robots return to a release that they were rolled back from only after a person has read why they left it. */
import { ProblemError } from '@fairlead/shared/api/client';
import type { deploymentApi } from '@fairlead/shared/api/deployment-api';
import type { ReplyOf } from '@fairlead/shared/api/route';
import type { Refusal } from '@fairlead/shared/failure';
import type { Version } from '@fairlead/shared/ids';
import { printable } from '@fairlead/shared/printable';
import { refusedError } from '../cli-error.ts';
import type { CliContext } from '../context.ts';

export type Confirmed = { readonly confirmAbandoned?: true };

/** Thrown by `order` where the server asks for a confirmation. */
class Abandoned extends Error {
  readonly refusal: Refusal;
  constructor(refusal: Refusal) {
    super(refusal.detail);
    this.refusal = refusal;
  }
}

/** Orders; where the named version needs a confirmation, asks for it and orders once more. */
export async function confirmAbandoned<T>(
  { askYesNo }: CliContext,
  { to, yes }: { readonly to?: Version; readonly yes?: true },
  order: (confirm: Confirmed) => Promise<T>,
): Promise<T> {
  try {
    return await order(yes === true && to !== undefined ? { confirmAbandoned: true } : {});
  } catch (error) {
    const refusal = abandonedIn(error);
    if (!refusal || to === undefined) throw error;
    if (!(await askYesNo(`${printable(refusal.detail)}\nReturn to ${to} all the same?`))) throw refusedError(refusal);
    return order({ confirmAbandoned: true });
  }
}

/** The reply of a direct rollback lists refusals beside its orders. */
export function refuseAbandoned(
  orders: ReplyOf<typeof deploymentApi.rollBack>,
  { toVersion }: { readonly toVersion?: Version },
): ReplyOf<typeof deploymentApi.rollBack> {
  const left = orders.skipped.find(({ refusal }) => refusal.category === 'abandoned');
  if (left && toVersion !== undefined) throw new Abandoned(left.refusal);
  return orders;
}

function abandonedIn(error: unknown): Refusal | undefined {
  const refusal = error instanceof ProblemError ? error.problem.refusal : undefined;
  if (error instanceof Abandoned) return error.refusal;
  return refusal?.category === 'abandoned' ? refusal : undefined;
}
