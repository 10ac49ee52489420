/**
 * Beat 5, the part that needs no bytes of the release: do director and release key say the same, and does what
 * the release key forbids permit it? Pure. Order of checks: the reason that is told is the one that matters most.
 */
import { accept, type Refusal, type Result, refuse } from '@fairlead/shared/failure';
import { parse } from '@fairlead/shared/parse';
import { fromTimestamp, type Instant } from '@fairlead/shared/time';
import type { ComponentOrder } from '@fairlead/shared/trust/assignment';
import { type EnvironmentPolicy, ReleaseCustom } from '@fairlead/shared/trust/targets';
import type { VerifiedTarget } from '@fairlead/toolkit/trust/trust-store';
import type { RunningCounter } from './running-counter.ts';

export interface OrderFacts {
  readonly order: ComponentOrder;
  /** What the environment's release key vouches for under the order's name. */
  readonly target: VerifiedTarget;
  /** Absent where the environment has none. */
  readonly policy: EnvironmentPolicy | undefined;
  /** The releaseCounter of what runs now. */
  readonly running: RunningCounter;
  readonly arch: string;
  readonly now: Instant;
}

export function judgeOrder(facts: OrderFacts): Result<ReleaseCustom> {
  const { order, target, arch } = facts;
  const custom = parse(ReleaseCustom, target.custom);
  if (!custom.ok) return no(order, 'bad_json', 'The signed entry of this release is not of its form.');
  const mismatch = mismatchOf(order, target, custom.value);
  if (mismatch !== undefined) return no(order, 'mismatch', mismatch);
  const built = custom.value.arch;
  if (built && !built.some((each) => each === arch)) {
    return no(order, 'wrong_hw', `The release is for ${built.join(' or ')}; this robot is ${arch}.`);
  }
  const forbidden = forbiddenBy(facts, custom.value);
  return forbidden ? refuse(forbidden) : accept(custom.value);
}

/** Attack 44: the director orders one release and the release key signed another under that name. */
function mismatchOf({ target: asked, component }: ComponentOrder, signed: VerifiedTarget, custom: ReleaseCustom) {
  if (asked.sha256 !== signed.sha256 || asked.length !== signed.length) {
    return `The director orders ${asked.sha256.slice(0, 12)} (${asked.length} bytes); signed is ${signed.sha256.slice(0, 12)} (${signed.length} bytes).`;
  }
  if (custom.component !== component || custom.version !== asked.version) {
    return `The director orders ${component}@${asked.version}; signed is ${custom.component}@${custom.version}.`;
  }
  return undefined;
}

function forbiddenBy({ order, policy, running, now }: OrderFacts, custom: ReleaseCustom): Refusal | undefined {
  const denied = policy?.deny.find((each) => each.sha256 === order.target.sha256);
  if (denied) return refusal(order, 'denied', `The release was withdrawn (${denied.severity}): ${denied.reason}`);

  const counter = custom.releaseCounter;
  const floor = policy?.floor[order.component] ?? 0;
  const reopened = policy?.downgrade.some(
    (each) => each.component === order.component && each.to === custom.version && now < fromTimestamp(each.until),
  );
  // Attack 47: allowDowngrade comes from the online director, and what only it says never passes the signed floor.
  if (counter < floor && !reopened) {
    return refusal(order, 'below_floor', `Its releaseCounter is ${counter} and the signed floor is ${floor}.`);
  }
  if (order.allowDowngrade) return undefined;
  // Attack 46: who could damage the robot's memory of it must not get an old release in that way.
  if (running === 'unknown') {
    return refusal(order, 'downgrade', 'The releaseCounter of what runs is lost, and nobody signs for it any more.');
  }
  if (counter < running) {
    return refusal(order, 'downgrade', `Its releaseCounter is ${counter} and ${running} runs already.`);
  }
  return undefined;
}

/** A refusal of one order, in the words that `explain` shows. */
export function refusal(order: ComponentOrder, category: string, detail: string): Refusal {
  const { component, target } = order;
  const hint = HINTS[category] ?? 'Withdraw the deployment; if nobody made it, look into the control plane.';
  return { phase: 'decide', component, element: target.path, category, detail, retryable: false, hint };
}
const no = (order: ComponentOrder, category: string, detail: string) => refuse(refusal(order, category, detail));

const HINTS: Readonly<Record<string, string>> = {
  denied: 'Deploy another release: this one was withdrawn by those who sign releases.',
  below_floor: 'Deploy a newer release, or have a downgrade window signed into the environment’s policy.',
  downgrade: 'Use fairlead rollback, or deploy with --allow-downgrade.',
  wrong_hw: 'Deploy a release that was built for this machine.',
  wrong_env:
    'Publish the release in this robot’s environment; a robot changes its environment only by enrolling again.',
};
