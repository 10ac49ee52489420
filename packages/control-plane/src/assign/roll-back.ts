/** Sends robots back: to the release each of them says it had before, or to a version named by the operator. */
import type { deploymentApi } from '@fairlead/shared/api/deployment-api';
import type { RequestOf } from '@fairlead/shared/api/route';
import { accept, type Refusal, type Result, refuse } from '@fairlead/shared/failure';
import { DEPLOYMENT, isCommitted } from '@fairlead/shared/fleet/deployment';
import { isTerminal } from '@fairlead/shared/fleet/states';
import type { ComponentName, ReleaseRef, Sha256 } from '@fairlead/shared/ids';
import type { Deployment } from '../store/deployments.ts';
import type { RobotFacts } from '../store/presence.ts';
import type { PublishedRelease } from '../store/releases.ts';
import type { RobotRecord } from '../store/robots.ts';
import type { Slices } from '../store/store.ts';
import { type AssignDeps, type Ordered, readRelease } from './deploy.ts';
import { activeOf, judgeOrder } from './judge-order.ts';
import { placeOrder } from './place-order.ts';
import { ranBefore } from './ran-before.ts';
import { resolveTarget } from './resolve-target.ts';
import { sayOrders } from './say-orders.ts';

type RollBackBody = RequestOf<(typeof deploymentApi)['rollBack']>['body'];

export async function rollBack(deps: AssignDeps, body: RollBackBody, by: string): Promise<Ordered> {
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
          by,
          reason: body.reason,
          now,
        }),
      );
    }
    await slices.audit.append(sayOrders('rollback.direct', body, { deployments, skipped }, by, now));
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
    /** Whatever the robot's last order did is to be undone, and nothing that was before it. */
    readonly undoes?: boolean;
  },
) {
  const component = chooseComponent(robot, facts, body.component);
  if (!component.ok) return component;
  const before: Previous | undefined =
    body.toVersion === undefined
      ? ((await keptBySwitch(slices, robot, facts, component.value, body.undoes ?? false)) ??
        (await previousOf(slices, robot, facts, component.value)))
      : { component: component.value, version: body.toVersion };
  if (!before) {
    const detail = `${robot.robot} has no earlier release of ${component.value} that it could go back to.`;
    return no(component.value, 'no_previous', detail, 'Name a version: fairlead rollback --to VERSION.');
  }
  const release = await readRelease(slices, robot.environment, before);
  const judged = judgeOrder({ robot, facts, wanted: before, release, allowDowngrade: true });
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
  { components = [] }: RobotFacts,
  named: ComponentName | undefined,
): Result<ComponentName> {
  if (named !== undefined) return accept(named);
  const [only, ...others] = components.filter(({ active }) => active !== undefined);
  if (only && others.length === 0) return accept(only.component);
  const detail = only
    ? `${robot} runs ${[only, ...others].map(({ component }) => component).join(', ')}.`
    : `${robot} has not told yet what it runs.`;
  return no(undefined, 'which_component', detail, 'Name one: fairlead rollback --component NAME.');
}

interface Previous extends ReleaseRef {
  readonly manifestSha256?: Sha256;
}

/**
 * In the midst of a switch a robot still says what it runs before it: that is what it goes back to, and what it calls
 * previous is one further. Where the switch failed meanwhile, it is there already.
 */
async function keptBySwitch(
  { desired }: Slices,
  { robot }: RobotRecord,
  facts: RobotFacts,
  component: ComponentName,
  undoes: boolean,
): Promise<Previous | undefined> {
  const active = activeOf(facts, component);
  const standing = (await desired.of(robot)).deployments.find((order) => order.component === component);
  if (!active || !standing || active.manifestSha256 === standing.manifestSha256) return undefined;
  const isSwitching = !isTerminal(standing.state) && !DEPLOYMENT[standing.state].withdrawable;
  const hasFailed = isTerminal(standing.state) && !isCommitted(standing.state) && standing.state !== 'skipped';
  if (!isSwitching && !(undoes && hasFailed)) return undefined;
  return { component, version: active.version, manifestSha256: active.manifestSha256 };
}

/** What the robot itself calls previous; else the last other release that succeeded on it. */
async function previousOf(
  { deployments }: Slices,
  { robot }: RobotRecord,
  facts: RobotFacts,
  component: ComponentName,
): Promise<Previous | undefined> {
  const told = facts.components?.find((state) => state.component === component)?.previous;
  if (told) return { component, version: told.version, manifestSha256: told.manifestSha256 };
  const active = activeOf(facts, component)?.manifestSha256;
  const past = await deployments.list({ robot, component, state: 'succeeded' }, { limit: 100 });
  const [newest] = past;
  return past.find(({ manifestSha256 }) => manifestSha256 !== (active ?? newest?.manifestSha256));
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
