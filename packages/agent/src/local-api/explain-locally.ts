/** What blocks this robot, as the robot itself sees it: also right where nobody else can be asked. */

import { explain } from '@fairlead/shared/fleet/explain';
import type { Explanation } from '@fairlead/shared/fleet/explanation';
import type { ComponentState } from '@fairlead/shared/fleet/robot-facts';
import { type RobotId, sayRelease } from '@fairlead/shared/ids';
import { fromTimestamp } from '@fairlead/shared/time';
import { describeOutcome, isBad } from '../update-history/describe-outcome.ts';
import type { AgentStatus } from './local-api.ts';

export function explainLocally(status: AgentStatus): Explanation {
  const { robot, lifecycle, activity, components, quarantined } = status;
  const [trouble] = status.troubles;
  if (trouble) {
    const sentence = `${robot} has trouble with ${trouble.element}: ${trouble.detail}`;
    return { robot, sentence, blocked: true, unblock: trouble.hint, refusal: trouble };
  }
  const [degraded] = components.filter(({ health }) => health?.state === 'degraded');
  if (lifecycle === undefined && degraded) return explainDegraded(robot, degraded);
  if (lifecycle === undefined) {
    return { robot, sentence: `${robot} has not heard from ${status.server} since its agent started.`, blocked: false };
  }
  if (lifecycle !== 'accepted' || quarantined || activity.state !== 'idle') {
    const now = fromTimestamp(status.now);
    return explain({
      robot,
      now,
      lifecycle,
      ...(quarantined && { quarantined }),
      presence: 'online',
      trustInitialised: true,
      orders: [],
      activity,
    });
  }
  if (degraded) return explainDegraded(robot, degraded);
  const runs = components.flatMap(({ component, active }) =>
    active ? [sayRelease({ component, version: active.version })] : [],
  );
  const what = runs.length > 0 ? `runs ${runs.join(', ')}` : 'runs no release yet';
  const bad = status.lastOutcomes?.find(isBad);
  if (bad) {
    const sentence = `${robot} ${what}. The last order for ${bad.component} did not succeed: ${describeOutcome(bad)} at ${bad.endedAt}.`;
    return {
      robot,
      component: bad.component,
      sentence,
      blocked: true,
      unblock: bad.refusal?.hint ?? `Look at the log of the agent around ${bad.endedAt}, then deploy again.`,
      ...(bad.refusal && { refusal: bad.refusal }),
    };
  }
  return { robot, sentence: `${robot} ${what} and has nothing to do.`, blocked: false };
}

function explainDegraded(robot: RobotId, { component, active, health }: ComponentState): Explanation {
  const release = active ? sayRelease({ component, version: active.version }) : component;
  const { refusal } = health ?? {};
  return {
    robot,
    sentence: `${robot} runs ${release}, which is degraded since ${health?.since}: ${refusal?.detail ?? 'a check fails'}`,
    blocked: true,
    unblock: refusal?.hint ?? `Look at the log of ${component}.`,
    ...(refusal && { refusal }),
  };
}
