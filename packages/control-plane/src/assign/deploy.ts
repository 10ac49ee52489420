/** Beat 3, directly: a release for robots, as one transaction. Each robot's own environment says which entry is meant. */
import type { deploymentApi } from '@fairlead/shared/api/deployment-api';
import type { RequestOf } from '@fairlead/shared/api/route';
import type { Refusal } from '@fairlead/shared/failure';
import {
  type DeploymentId,
  ENVIRONMENTS,
  type EnvironmentName,
  type ReleaseRef,
  type RobotId,
} from '@fairlead/shared/ids';
import { parseManifest } from '@fairlead/shared/release/parse-manifest';
import type { Clock } from '@fairlead/shared/time';
import type { PersonCaller } from '../http/caller.ts';
import { problem } from '../http/problem.ts';
import { refuseDirectOrder } from '../rules/refuse-direct-order.ts';
import type { Deployment } from '../store/deployments.ts';
import type { RobotFacts } from '../store/presence.ts';
import type { Slices, Store } from '../store/store.ts';
import { judgeOrder, type OrderFacts } from './judge-order.ts';
import { placeOrder } from './place-order.ts';
import { resolveTarget } from './resolve-target.ts';
import type { Statement } from './runs-already.ts';
import { sayOrders } from './say-orders.ts';

export interface AssignDeps {
  readonly store: Store;
  readonly clock: Clock;
  readonly newId: () => DeploymentId;
  /** Before robots are judged by their facts: takes in what they said to other replicas. */
  readonly freshFacts: () => Promise<void>;
  /** What a robot said last. */
  readonly factsOf: (robot: RobotId) => RobotFacts;
  /** What a robot reported last and when, to decide whether an order is needed at all. */
  readonly statementOf: (robot: RobotId) => Statement;
  /** Lets robots whose order changed hear of it at once; called after the transaction. */
  readonly wake: (robots: readonly RobotId[]) => void;
}
export interface Ordered {
  readonly deployments: readonly Deployment[];
  readonly skipped: readonly { readonly robot: RobotId; readonly refusal: Refusal }[];
}
/** Who orders: records name the person, the audit log also the API token. */
export type OrderedBy = Pick<PersonCaller, 'name' | 'actor'>;
type DeployBody = RequestOf<(typeof deploymentApi)['deploy']>['body'];

export async function deploy(deps: AssignDeps, body: DeployBody, by: OrderedBy): Promise<Ordered> {
  await deps.freshFacts();
  const now = deps.clock.now();
  const allowDowngrade = body.allowDowngrade ?? false;
  const ordered = await deps.store.transaction(async (slices): Promise<Ordered> => {
    const robots = await resolveTarget(slices, body.target, deps.factsOf);
    await refuseDirectOrder(slices, robots);
    const publishedIn = await readEverywhere(slices, body);
    const deployments: Deployment[] = [];
    const skipped: Ordered['skipped'][number][] = [];
    for (const robot of robots) {
      const facts = deps.factsOf(robot.robot);
      const release = publishedIn.get(robot.environment);
      const judged = judgeOrder({ robot, facts, wanted: body, release, allowDowngrade });
      if (!judged.ok) {
        skipped.push({ robot: robot.robot, refusal: judged.refused });
        continue;
      }
      deployments.push(
        await placeOrder(slices, {
          deployment: deps.newId(),
          robot: robot.robot,
          release: judged.value,
          kind: 'deploy',
          allowDowngrade,
          statement: deps.statementOf(robot.robot),
          by: by.name,
          reason: body.reason,
          now,
        }),
      );
    }
    await slices.audit.append(sayOrders('deploy.direct', body, { deployments, skipped }, by.actor, now));
    return { deployments, skipped };
  });
  deps.wake(ordered.deployments.map(({ robot }) => robot));
  return ordered;
}

/** The release in each environment that has it; throws not_found where none has. */
export async function readEverywhere(
  slices: Pick<Slices, 'releases' | 'metadata'>,
  wanted: ReleaseRef,
): Promise<ReadonlyMap<EnvironmentName, NonNullable<OrderFacts['release']>>> {
  const found = new Map<EnvironmentName, NonNullable<OrderFacts['release']>>();
  for (const environment of ENVIRONMENTS) {
    const release = await readRelease(slices, environment, wanted);
    if (release) found.set(environment, release);
  }
  if (found.size > 0) return found;
  throw problem('not_found', `${wanted.component}@${wanted.version} is not published anywhere.`, {
    hint: 'See fairlead release list for what is.',
  });
}

/** A published release with its manifest; undefined where that environment does not have it. */
export async function readRelease(
  { releases, metadata }: Pick<Slices, 'releases' | 'metadata'>,
  environment: EnvironmentName,
  wanted: ReleaseRef,
): Promise<OrderFacts['release']> {
  const published = await releases.find(environment, wanted);
  if (!published) return undefined;
  const text = await metadata.target(published.target, published.manifestSha256);
  const manifest = parseManifest(Buffer.from(text ?? ''), 'assign');
  if (!manifest.ok) throw new Error(`The stored manifest of ${published.target} does not parse.`);
  return { published, manifest: manifest.value };
}
