/** The releaseCounter of the next release of a component. It only ever rises, or floors and downgrade rules mean nothing. */
import type { Client } from '@fairlead/shared/api/client';
import type { publishApi } from '@fairlead/shared/api/publish-api';
import type { ComponentName, EnvironmentName } from '@fairlead/shared/ids';
import type { TargetsSigned } from '@fairlead/shared/trust/metadata';
import { highestCounter } from '@fairlead/shared/trust/release-entry';
import { CliError, EXIT } from '../cli-error.ts';

/** How far the unsigned list may be ahead of the signed role: revocations in between, not an attack. */
const LEAP = 1000;

/**
 * One above all that is signed, and above revoked releases too, which only the control plane's list remembers. That list
 * is hearsay: it may raise the counter, but a lying server must not use it up.
 */
export async function nextCounter(
  client: Client<typeof publishApi>,
  order: {
    readonly signed: TargetsSigned;
    readonly environment: EnvironmentName;
    readonly component: ComponentName;
    /** Below it nothing may be installed. */
    readonly floor: number;
  },
): Promise<number> {
  const { signed, environment, component, floor } = order;
  const { items } = await client.listReleases({ query: { environment, component, limit: 500 } });
  const told = Math.max(0, ...items.map(({ releaseCounter }) => releaseCounter));
  const known = highestCounter(signed, component);
  if (told <= known + LEAP) return Math.max(known + 1, told + 1, floor);
  throw new CliError(`The control plane tells of release counter ${told}, but only ${known} is signed.`, {
    hint: 'Do not publish before it is clear why: a counter that is used up cannot come back.',
    exitCode: EXIT.refused,
  });
}
