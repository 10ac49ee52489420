/**
 * A release that the release key denies with `never-run` does not stay, even where it runs (TRUST 4.5, attack 48):
 * the robot goes back to the release before. Where that one is denied too, it stays on what it has and says so:
 * two bad releases are no reason to leave a robot without any.
 */
import type { Refusal } from '@fairlead/shared/failure';
import type { ComponentState } from '@fairlead/shared/fleet/robot-facts';
import type { EnvironmentName, Sha256 } from '@fairlead/shared/ids';
import { policyTarget } from '@fairlead/shared/trust/names';
import { EnvironmentPolicy } from '@fairlead/shared/trust/targets';
import type { TrustStore } from '@fairlead/toolkit/trust/trust-store';
import { type AlarmRegister, alarmKey } from '../alarms/alarm-register.ts';
import type { Updater } from '../update/updater.ts';
import { readSigned, recallSigned } from './signed-document.ts';

export interface EnforceDeps {
  readonly environment: EnvironmentName;
  readonly trust: TrustStore;
  readonly updater: Pick<Updater, 'components' | 'rollBackLocally'>;
  readonly alarms: AlarmRegister;
}

/** Call it after every check-in; it looks at the disk only where the policy denies something. */
export function createEnforcer(deps: EnforceDeps): () => Promise<void> {
  const { trust, environment, updater, alarms } = deps;
  /** What kept a component from going back, as of the last check. */
  let failed: ReadonlySet<string> = new Set();
  /** A roll-back that ended on an unhealthy release has raised its own alarm, and that one does not end here. */
  const isRaisedElsewhere = (refusal: Refusal): boolean =>
    !failed.has(alarmKey(refusal)) && alarms.open().some((open) => alarmKey(open) === alarmKey(refusal));

  const newestPolicy = async (): Promise<EnvironmentPolicy | undefined> => {
    const name = policyTarget(environment);
    const read = await readSigned(trust, name, EnvironmentPolicy);
    // Offline, what was verified last still holds.
    return read.ok ? read.value : recallSigned(trust, name, EnvironmentPolicy);
  };

  return async () => {
    const policy = await newestPolicy();
    // Without a policy that can be read nothing is known, and no alarm ends.
    if (!policy) return;
    const denied = new Map(
      policy.deny.flatMap(({ sha256, severity, reason }) =>
        severity === 'never-run' ? [[sha256, reason] as const] : [],
      ),
    );
    const found: Refusal[] = [];
    for (const state of denied.size === 0 ? [] : await updater.components()) {
      const reason = state.active && denied.get(state.active.manifestSha256);
      if (reason === undefined) continue;
      if (!hasGoodPrevious(state, denied)) found.push(stranded(state, reason));
      else {
        const back = await updater.rollBackLocally(state.component, 'policy: never-run', {
          confirmAbandoned: true,
        });
        // While an update runs it is only delayed: the next check-in asks again.
        if (back.ok) continue;
        if (back.refused.category === 'busy') return;
        const refusal = { ...back.refused, component: state.component };
        if (!isRaisedElsewhere(refusal)) found.push(refusal);
      }
    }
    alarms.settle((open) => open.category === 'denied' || failed.has(alarmKey(open)), found);
    failed = new Set(found.map(alarmKey));
  };
}

const hasGoodPrevious = ({ previous }: ComponentState, denied: ReadonlyMap<Sha256, string>): boolean =>
  previous !== undefined && !denied.has(previous.manifestSha256);

const stranded = ({ component, active }: ComponentState, reason: string): Refusal => ({
  phase: 'roll-back',
  component,
  element: `${component}@${active?.version ?? ''}`,
  category: 'denied',
  detail: `The release was withdrawn (never-run: ${reason}), and this robot has none to go back to.`.slice(0, 2000),
  retryable: true,
  hint: 'Deploy a good release to this robot now.',
});
