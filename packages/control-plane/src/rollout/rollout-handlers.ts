/** Rollouts over HTTP. */
import type { rolloutApi } from '@fairlead/shared/api/rollout-api';
import { countedState } from '@fairlead/shared/fleet/degradation';
import { RobotId, RolloutId } from '@fairlead/shared/ids';
import { parse } from '@fairlead/shared/parse';
import type { RolloutVerb } from '@fairlead/shared/rollout/command-rules';
import type { Rollout } from '@fairlead/shared/rollout/rollout';
import { toTimestamp } from '@fairlead/shared/time';
import type { PersonCaller } from '../http/caller.ts';
import { Answer, type Handlers } from '../http/handlers.ts';
import { readIfMatch } from '../http/if-match.ts';
import { problem } from '../http/problem.ts';
import { runCommand } from './command-rollout.ts';
import { type Commanded, createRollback, createRollout } from './create-rollout.ts';
import { notReached } from './not-reached.ts';
import type { RolloutDeps } from './rollout-deps.ts';
import { viewRollout } from './view-rollout.ts';

const DEFAULT_PAGE = 100;

export function rolloutHandlers(deps: RolloutDeps): Handlers<typeof rolloutApi> {
  const { store } = deps;
  const need = async (id: RolloutId): Promise<Rollout> => {
    const found = await store.rollouts.find(id);
    if (found) return found;
    throw problem('not_found', `There is no rollout ${id}.`, { hint: 'See fairlead rollout list.' });
  };
  const view = (rollout: Rollout) => viewRollout(deps, rollout);
  const viewWhole = async (rollout: Rollout) => {
    const left = await notReached(deps, rollout);
    return { ...(await view(rollout)), ...(left && { notReached: left }) };
  };
  const viewCommanded = async ({ rollout, joined }: Commanded) => ({
    ...(await view(rollout)),
    ...(joined && { joined }),
  });
  const saying =
    (verb: RolloutVerb) =>
    async (request: {
      readonly params: { readonly rollout: RolloutId };
      readonly body: { readonly reason?: string; readonly revert?: boolean };
      readonly caller: PersonCaller;
      readonly headers: Readonly<Record<string, string | string[] | undefined>>;
    }) => {
      const { params, body, caller, headers } = request;
      const command = { ...params, author: caller, reason: body.reason, seen: readIfMatch(headers['if-match']) };
      return withEtag(await viewCommanded(await runCommand(deps, verb, command, body.revert ?? false)));
    };
  return {
    createRollout: async ({ body, caller }) => view(await createRollout(deps, body, caller)),
    createRollback: async ({ body, caller }) => viewCommanded(await createRollback(deps, body, caller)),
    async listRollouts({ query: { state, component, cursor, limit = DEFAULT_PAGE } }) {
      const after = readCursor(RolloutId, cursor);
      const found = await store.rollouts.list({ state, component }, { after, limit: limit + 1 });
      const items = await Promise.all(found.slice(0, limit).map(view));
      const last = items.at(-1);
      return { items, ...(found.length > limit && last && { next: last.rollout }) };
    },
    showRollout: async ({ params }) => withEtag(await viewWhole(await need(params.rollout))),
    async listRolloutRobots({
      params: { rollout },
      query: { cursor, limit = DEFAULT_PAGE, excluded: which, ...filter },
    }) {
      await need(rollout);
      const after = readCursor(RobotId, cursor);
      const excluded = which === undefined ? undefined : which === 'only';
      const found = await store.rollouts.members(rollout, { ...filter, excluded }, { after, limit: limit + 1 });
      const items = found.slice(0, limit).map(({ robot, stage, excluded, deployed }) => ({
        robot,
        ...(stage !== undefined && { stage }),
        ...(excluded && { excluded }),
        ...(deployed && { deployment: deployed.deployment, state: countedState(deployed) }),
        ...(deployed?.part?.failureAccepted && { failureAccepted: true }),
        ...(deployed?.refusal && { refusal: deployed.refusal }),
      }));
      const last = items.at(-1);
      return { items, ...(found.length > limit && last && { next: last.robot }) };
    },
    rolloutHistory: async ({ params }) => {
      await need(params.rollout);
      const events = await store.rollouts.events(params.rollout);
      return { items: events.map(({ at, ...event }) => ({ at: toTimestamp(at), ...event })) };
    },
    approveRollout: saying('approve'),
    denyRollout: saying('deny'),
    pauseRollout: saying('pause'),
    resumeRollout: saying('resume'),
    promoteRollout: saying('promote'),
    abortRollout: saying('abort'),
    switchRollout: saying('switch'),
    switchBackRollout: saying('switch-back'),
    finaliseRollout: saying('finalise'),
    retryRollout: saying('retry'),
  };
}

type View = Awaited<ReturnType<typeof viewRollout>>;
const withEtag = <V extends View>(value: V) => new Answer(200, value, { etag: `"${value.revision}"` });

function readCursor<S extends typeof RolloutId | typeof RobotId>(schema: S, cursor: string | undefined) {
  const after = cursor === undefined ? undefined : parse(schema, cursor);
  if (after && !after.ok) throw problem('bad_request', 'The cursor is not one that this list gave out.');
  return after?.value;
}
