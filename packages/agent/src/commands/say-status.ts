/** `fairlead-agent status` for people. */
import { sayRefusal } from '@fairlead/shared/failure';
import type { ComponentHealth } from '@fairlead/shared/fleet/robot-facts';
import type { RunningRelease } from '@fairlead/shared/trust/report';
import type { AgentStatus } from '../local-api/local-api.ts';
import { PACKAGED } from '../own-release/own-release.ts';
import { describeDuration, describeOutcome } from '../update-history/describe-outcome.ts';
import type { LastOutcome } from '../update-history/update-history.ts';

export function sayStatus(status: AgentStatus): string[] {
  const { activity, vitals } = status;
  const lifecycle = status.lifecycle ?? (status.enrolled ? 'enrolled, not heard back yet' : 'not enrolled yet');
  const progress = activity.progress === undefined ? '' : ` ${Math.floor(activity.progress * 100)} %`;
  const doing =
    activity.component === undefined ? activity.state : `${activity.component}: ${activity.state}${progress}`;
  return [
    line('robot', `${status.robot} (${status.environment}, ${lifecycle})`),
    line('key', status.keyFingerprint ?? 'can’t be read'),
    line('agent', `${status.agentVersion}, ${sayOrigin(status.agentRelease)}`),
    line('server', `${status.server}, last answer ${status.lastAnswer ?? 'never'}`),
    line('time', `${status.now} (by ${status.clockTrust})`),
    line('doing', activity.refusal ? `${doing}, because ${activity.refusal.detail}` : doing),
    ...status.components.flatMap(({ component, active, previous, staged, health }) => [
      line(component, `active ${say(active)}, previous ${say(previous)}${staged ? `, staged ${say(staged)}` : ''}`),
      ...(health ? [line('health', formatHealth(health))] : []),
    ]),
    ...(status.lastOutcomes ?? []).flatMap(describeLast),
    ...(status.quarantined ? [line('quarantined', `${status.quarantined.detail} ${status.quarantined.hint}`)] : []),
    ...status.services.map(({ service, state, detail }) => line(service, `${state}: ${detail}`)),
    line('reports', `${status.unsentReports} not delivered yet`),
    line(
      'machine',
      `${vitals.memoryFreeMb} MiB memory free, ${vitals.diskFreeMb} MiB disk free, agent ${vitals.agentRssMb} MiB`,
    ),
    ...(status.leases ?? []).map(({ owner, expiresAt, reason }) =>
      line('busy', `${owner} until ${expiresAt}: ${reason}`),
    ),
    ...status.troubles.map((trouble) => line('trouble', sayRefusal(trouble))),
  ];
}

function sayOrigin(release: string | undefined): string {
  if (release === undefined) return 'not started by its launcher: it can’t update itself';
  return release === PACKAGED ? 'as its package installed it' : `as it updated itself (${release})`;
}

const formatHealth = ({ state, since, refusal }: ComponentHealth): string =>
  `${state} since ${since}${refusal ? `: ${sayRefusal(refusal)}` : ''}`;

/** The sentence, and behind it what to do next where the update did not succeed. */
function describeLast(last: LastOutcome): string[] {
  const time = last.durationMs === undefined ? '' : `, after ${describeDuration(last.durationMs)}`;
  const next = last.refusal ? [line('', `-> ${last.refusal.hint}`)] : [];
  return [line('last order', `${describeOutcome(last)} (${last.endedAt}${time})`), ...next];
}

const line = (name: string, text: string): string => `${name.padEnd(15)} ${text}`;
const say = (release: RunningRelease | undefined): string =>
  release ? `${release.version} (${release.manifestSha256.slice(0, 12)})` : 'none';
