/** Makes a rollout of what was typed, says what will happen, and where to look. */
import type { RolloutView } from '@fairlead/shared/api/rollout-api';
import type { Target } from '@fairlead/shared/fleet/target';
import type { ComponentName, ReleaseRef, Version } from '@fairlead/shared/ids';
import { fromTimestamp } from '@fairlead/shared/time';
import { sayInZone } from '@fairlead/shared/update/moment';
import type { Static } from 'typebox';
import { CliError, EXIT } from '../cli-error.ts';
import type { CliContext } from '../context.ts';
import { sayStage } from './read-stage.ts';
import { emergencyOf, moment, type RolloutOptions, type Shape, shapeOf } from './strategy-options.ts';

type View = Static<typeof RolloutView>;

export async function orderRollout(
  context: CliContext,
  target: Target,
  release: ReleaseRef,
  options: RolloutOptions & { readonly allowDowngrade?: boolean },
): Promise<View> {
  const now = Date.now();
  const { env: environment, onFailure, newRobots, priority, reason, allowDowngrade, at, zone } = options;
  const emergency = emergencyOf(options);
  const shape = shapeOf(options, now);
  const body = {
    target,
    ...release,
    ...present({ environment, onFailure, newRobots, priority, reason, allowDowngrade, emergency, shape }),
    ...(at !== undefined && { startAt: moment('--at', at, zone, now) }),
  };
  return context.client().operator.createRollout({ body });
}

export async function orderRollback(
  context: CliContext,
  target: Target,
  options: RolloutOptions & {
    readonly component?: ComponentName;
    readonly to?: Version;
    readonly now?: true;
    readonly confirmAbandoned?: boolean;
  },
): Promise<View> {
  const { operator } = context.client();
  const component = options.component ?? (await onlyComponent(context));
  const { env: environment, reason, to: toVersion, confirmAbandoned } = options;
  const asked = shapeOf(options, Date.now());
  const shape: Shape | undefined = options.now ? { strategy: 'all-at-once' } : asked;
  const body = { target, component, ...present({ environment, reason, toVersion, confirmAbandoned, shape }) };
  return operator.createRollback({ body });
}

/** What the fleet runs, where that is one thing. */
async function onlyComponent(context: CliContext): Promise<ComponentName> {
  const { running } = await context.client().operator.fleetStatus();
  const [only, ...others] = new Set(running.map(({ component }) => component));
  if (only !== undefined && others.length === 0) return only;
  throw new CliError('Which component?', {
    hint: `Name one: --component ${[only, ...others].filter(Boolean).join(' or ') || 'NAME'}`,
    exitCode: EXIT.usage,
  });
}

export function tellOrdered({ out }: CliContext, view: View, zone: string | undefined): void {
  const { rollout, spec, state } = view;
  out.done(view, () => {
    const what = spec.version === undefined ? `${spec.component} back` : `${spec.component}@${spec.version}`;
    out.line(`${rollout}: ${what} in ${spec.environment}, ${spec.strategy}`, 'strong');
    if (view.joined) out.line('The same robots are being rolled back already: no second rollback was made.', 'warn');
    out.line(`stages: ${spec.stages.map(sayStage).join(' → ')}`);
    if (spec.startAt !== undefined) out.line(`starts: ${spec.startAt}, ${localTime(spec.startAt, zone)}`);
    if (spec.switchAt !== undefined) out.line(`switches: ${spec.switchAt}, ${localTime(spec.switchAt, zone)}`);
    if (state === 'awaiting-approval') {
      out.line(`It waits for approval (${view.approval?.needed}): fairlead rollout approve ${rollout}`, 'warn');
    }
    out.line(`next: fairlead rollout watch ${rollout}`);
  });
}

const localTime = (at: string, zone: string | undefined): string =>
  sayInZone(fromTimestamp(at), zone ?? Intl.DateTimeFormat().resolvedOptions().timeZone);

type Present<T> = { [K in keyof T]?: Exclude<T[K], undefined> };
const present = <T extends object>(given: T): Present<T> =>
  Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)) as Present<T>;
