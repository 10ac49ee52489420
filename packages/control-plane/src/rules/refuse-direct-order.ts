/** A direct order obeys the rules of the environments it reaches, whoever gives it and for however many robots. */
import { directOrderForbidden } from '@fairlead/shared/fleet/environment-rules';
import { ENVIRONMENTS } from '@fairlead/shared/ids';
import { problem } from '../http/problem.ts';
import type { RobotRecord } from '../store/robots.ts';
import type { Slices } from '../store/store.ts';

/** Throws `refused` where people must agree first, or where it must go in stages. */
export async function refuseDirectOrder(
  { rules }: Pick<Slices, 'rules'>,
  robots: readonly RobotRecord[],
): Promise<void> {
  const { environments } = await rules.all();
  for (const environment of ENVIRONMENTS) {
    const reached = robots.filter((robot) => robot.environment === environment).length;
    const refusal = reached > 0 && directOrderForbidden(environment, environments[environment], reached);
    if (refusal) throw problem('refused', refusal.detail, { hint: refusal.hint, refusal });
  }
}
