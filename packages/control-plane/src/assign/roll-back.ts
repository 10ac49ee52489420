/** Sends robots back: to the release each of them says it had before, or to a version named by the operator. */
import type { deploymentApi } from '@fairlead/shared/api/deployment-api';
import type { RequestOf } from '@fairlead/shared/api/route';
import { accept, type Refusal, type Result, refuse } from '@fairlead/shared/failure';
import { isSwitching } from '@fairlead/shared/fleet/deployment';
import { isTerminal } from '@fairlead/shared/fleet/states';
import type { ComponentName, ReleaseRef, RobotId, Sha256 } from '@fairlead/shared/ids';
import type { AbandonedRelease } from '../store/abandoned.ts';
import type { Deployment } from '../store/deployments.ts';
import type { RobotFacts } from '../store/presence.ts';
import type { PublishedRelease } from '../store/releases.ts';
import type { RobotRecord } from '../store/robots.ts';
import type { Slices } from '../store/store.ts';
import { abandonedRefusal } from './abandon.ts';
import { type AssignDeps, type Ordered, type OrderedBy, readRelease } from './deploy.ts';
import { activeOf, judgeOrder } from './judge-order.ts';
import { placeOrder } from './place-order.ts';
import { ranBefore } from './ran-before.ts';
import { resolveTarget } from './resolve-target.ts';
import { sayOrders } from './say-orders.ts';
import { isUndone } from './undone-release.ts';

type RollBackBody = RequestOf<(typeof deploymentApi)['rollBack']>['body'];

export async function rollBack(deps: AssignDeps, body: RollBackBody, by: OrderedBy): Promise<Ordered> {
  await deps.freshFacts();
  const now = deps.clock.now();
  const ordered = await deps.store.transaction(async (slices): Promise<Ordered> => {
    const { environments } = await slices.rules.all();
    const deployments: Deployment[] = [];
    const skipped: Ordered['skipped'][number][] = [];
    for (const robot of await resolveTarget(slices, body.target, deps.factsOf)) {
      const facts = deps.factsOf(robot.robot);
      const chosen = await chooseRelease(slices, robot, facts, body);
      if (!chosen.ok) {
        skipped.push({ robot: robot.robot, refusal: chosen.refused });
        continue;
      }
      const { approvals } = environments[robot.environment];
      const named = body.toVersion !== undefined && approvals !== 'none';
      if (named && !(await ranBefore(slices, robot.environment, chosen.value))) {
        skipped.push({ robot: robot.robot, refusal: neverRan(chosen.value) });
        continue;
      }
      deployments.push(
        await placeOrder(slices, {
          deployment: deps.newId(),
          robot: robot.robot,
          release: chosen.value,
          kind: 'rollback',
          // Going back is what was asked for; the signed floor still holds on the robot (TRUST 4.5).
          allowDowngrade: true,
          statement: deps.statementOf(robot.robot),
          by: by.name,
          reason: body.reason,
          now,
        }),
      );
    }
    await slices.audit.append(sayOrders('rollback.direct', body, { deployments, skipped }, by.actor, now));
    return { deployments, skipped };
  });
  deps.wake(ordered.deployments.map(({ robot }) => robot));
  return ordered;
}

const neverRan = ({ component, version, environment }: PublishedRelease): Refusal => ({
  phase: 'assign',
  component,
  element: `${component}@${version}`,
  category: 'needs_approval',
  detail: `It never ran in ${environment}: going there is no way back, and people must agree to it.`,
  retryable: false,
  hint: 'Make it a rollout: fairlead deploy --staged.',
});

/** The release this robot is to go back to; refused where there is none, or it may not have it. */
export async function chooseRelease(
  slices: Slices,
  robot: RobotRecord,
  facts: RobotFacts,
  body: Pick<RollBackBody, 'component' | 'toVersion'> & {
    /** Digest of the release that is being undone: the robot goes to what it ran before, and never to this one. */
    readonly undone?: Sha256 | undefined;
    /** The operator has confirmed a named version that the robot was rolled back from. */
    readonly confirmAbandoned?: boolean | undefined;
  },
): Promise<Result<PublishedRelease>> {
  const component = chooseComponent(robot, facts, body.component);
  if (!component.ok) return component;
  const abandoned = await slices.abandoned.of(robot.robot, component.value);
  const before: Previous | undefined =
    body.toVersion === undefined
      ? await wayBack(slices, robot, facts, { component: component.value, undone: body.undone, abandoned })
      : { component: component.value, version: body.toVersion };
  if (!before) {
    const [newest] = abandoned;
    // Its first installation failed: the release that it left is nothing to go back to.
    const runsNone = facts.components !== undefined && activeOf(facts, component.value) === undefined;
    if (runsNone && body.undone === undefined) return runsNothing(robot.robot, component.value);
    if (newest) return refuse(abandonedRefusal(robot.robot, newest));
    const detail = `${robot.robot} has no earlier release of ${component.value} that it could go back to.`;
    return no(component.value, 'no_previous', detail, 'Name a version: fairlead rollback --to VERSION.');
  }
  const release = await readRelease(slices, robot.environment, before);
  const judged = judgeOrder({ robot, facts, wanted: before, release, allowDowngrade: true });
  const left = judged.ok && abandoned.find(({ manifestSha256 }) => manifestSha256 === judged.value.manifestSha256);
  if (left && body.confirmAbandoned !== true) return refuse(abandonedRefusal(robot.robot, left));
  // The same version number from another environment's past is another release.
  if (judged.ok && before.manifestSha256 !== undefined && judged.value.manifestSha256 !== before.manifestSha256) {
    const detail = `The previous ${before.component}@${before.version} is not the one published in ${robot.environment}.`;
    return no(before.component, 'mismatch', detail, 'Name a version: fairlead rollback --to VERSION.');
  }
  return judged;
}

/** The only component the robot runs, where the operator named none. */
function chooseComponent(
  { robot }: RobotRecord,
  { components }: RobotFacts,
  named: ComponentName | undefined,
): Result<ComponentName> {
  if (named !== undefined) return accept(named);
  const [only, ...others] = (components ?? []).filter(({ active }) => active !== undefined);
  if (only && others.length === 0) return accept(only.component);
  if (components !== undefined && !only) return runsNothing(robot, undefined);
  const detail = only
    ? `${robot} runs ${[only, ...others].map(({ component }) => component).join(', ')}.`
    : `${robot} has not told yet what it runs.`;
  return no(undefined, 'which_component', detail, 'Name one: fairlead rollback --component NAME.');
}

function runsNothing(robot: RobotId, component: ComponentName | undefined): Result<never> {
  const what = component === undefined ? 'no release' : `no release of ${component}`;
  const hint = `Deploy one instead: fairlead deploy --robot ${robot} --release ${component ?? 'COMPONENT'}@VERSION.`;
  return no(component, 'no_previous', `${robot} runs ${what}: there is nothing to go back from.`, hint);
}

interface Previous extends ReleaseRef {
  readonly manifestSha256?: Sha256;
}

/** Without a version: the way that the robot is on already, what it ran before its switch, or what is kept behind it. */
async function wayBack(
  slices: Slices,
  { robot }: RobotRecord,
  facts: RobotFacts,
  {
    component,
    undone,
    abandoned,
  }: {
    readonly component: ComponentName;
    readonly undone: Sha256 | undefined;
    readonly abandoned: readonly AbandonedRelease[];
  },
): Promise<Previous | undefined> {
  const isAbandoned = (sha256: Sha256) => abandoned.some(({ manifestSha256 }) => manifestSha256 === sha256);
  const standing = (await slices.desired.of(robot)).deployments.find((order) => order.component === component);
  if (standing && isUnfinishedRollback(standing) && standing.manifestSha256 !== undone) return standing;
  const active = activeOf(facts, component);
  // In the middle of a switch a robot still says what it ran before: what it calls previous is one release further.
  const left = undone ?? (standing && isSwitching(standing.state) ? standing.manifestSha256 : undefined);
  if (active && left !== undefined && active.manifestSha256 !== left && !isAbandoned(active.manifestSha256)) {
    return { component, ...active };
  }
  const not = undone ?? active?.manifestSha256;
  return previousOf(slices, robot, facts, { component, not, isAbandoned });
}

/** A second request to go back joins the first. */
const isUnfinishedRollback = ({ kind, state }: Deployment): boolean => kind === 'rollback' && !isTerminal(state);

/** What the robot itself calls previous, unless it was rolled back from it, or that is undone; else the last other one that succeeded. */
async function previousOf(
  slices: Slices,
  robot: RobotId,
  facts: RobotFacts,
  {
    component,
    not,
    isAbandoned,
  }: {
    readonly component: ComponentName;
    readonly not: Sha256 | undefined;
    readonly isAbandoned: (sha256: Sha256) => boolean;
  },
): Promise<Previous | undefined> {
  const kept = facts.components?.find((state) => state.component === component)?.previous;
  const isWayBack = async ({ manifestSha256 }: { readonly manifestSha256: Sha256 }) =>
    !isAbandoned(manifestSha256) && !(await isUndone(slices, { robot, component, manifestSha256 }));
  if (kept && kept.manifestSha256 !== not && (await isWayBack(kept))) return { component, ...kept };
  const past = await slices.deployments.list({ robot, component, state: 'succeeded' }, { limit: 100 });
  const left = not ?? past[0]?.manifestSha256;
  const active = activeOf(facts, component)?.manifestSha256;
  const others = past.filter(({ manifestSha256: sha256 }) => sha256 !== left && sha256 !== active);
  for (const earlier of others) if (await isWayBack(earlier)) return earlier;
  return undefined;
}

const no = (component: ComponentName | undefined, category: string, detail: string, hint: string) =>
  refuse<Refusal>({
    phase: 'assign',
    ...(component !== undefined && { component }),
    element: component ?? 'component',
    category,
    detail,
    retryable: false,
    hint,
  });
