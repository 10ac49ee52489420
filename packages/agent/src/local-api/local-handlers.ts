/** What the agent answers on its socket, from the parts it is made of. */
import type { Refusal } from '@fairlead/shared/failure';
import type { Activity } from '@fairlead/shared/fleet/robot-facts';
import { toTimestamp } from '@fairlead/shared/time';
import type { AgentParts } from '../agent-parts.ts';
import type { DeliverLoop } from '../outbox/deliver-loop.ts';
import type { CheckInLoop } from '../poll/check-in-loop.ts';
import { AGENT_VERSION } from '../version.ts';
import { explainLocally } from './explain-locally.ts';
import type { AgentStatus } from './local-api.ts';
import type { LocalHandlers } from './serve-local-api.ts';
import { situationHandlers, stepsOver } from './situation-handlers.ts';

export function localHandlers(running: {
  readonly parts: AgentParts;
  readonly checkIns: Pick<CheckInLoop, 'state'>;
  readonly deliveries: Pick<DeliverLoop, 'trouble'>;
  readonly activity: () => Activity;
}): LocalHandlers {
  const { parts } = running;
  const status = async (): Promise<AgentStatus> => {
    const { config, who, clock, updater, monitor, trust, facts, spool, chain } = parts;
    const { lastAnswer, lifecycle, quarantined, trouble } = running.checkIns.state();
    return {
      robot: who.robot,
      environment: who.environment,
      server: config.server,
      agentVersion: AGENT_VERSION,
      ...(parts.own.running !== undefined && { agentRelease: parts.own.running }),
      keyFingerprint: parts.key.signer.keyid,
      enrolled: who.isEnrolled || lifecycle !== undefined,
      ...(lifecycle !== undefined && { lifecycle }),
      ...(lastAnswer !== undefined && { lastAnswer: toTimestamp(lastAnswer) }),
      now: toTimestamp(clock.now()),
      clockTrust: clock.trust(),
      activity: running.activity(),
      components: monitor.withHealth(await updater.components()),
      services: await serviceStates(parts),
      trust: trust.versions(),
      unsentReports: spool.count() + chain.flight().length,
      inventory: await facts.inventory(),
      vitals: await facts.vitals(),
      lastOutcomes: [...(await parts.history.lastOutcomes())],
      ...(quarantined && { quarantined }),
      leases: [...parts.conditions.leases.list()],
      troubles: [
        trust.trouble(),
        ...updater.damages(),
        trouble,
        running.deliveries.trouble(),
        ...parts.findings,
        mixedIdentity(parts),
      ].filter(isFirstOfItsKind),
    };
  };
  return {
    ...situationHandlers(parts),
    status,
    explain: async () => explainLocally(await status()),
    checkNow: async () => {
      parts.bells.checkIn.ring();
      return { asked: true };
    },
    rollBack: async ({ body }) => {
      const busy = stepsOver(parts, body);
      if (busy) return { refusal: busy };
      const rolledBack = await parts.updater.rollBackLocally(body.component, body.by, {
        confirmAbandoned: body.confirmAbandoned,
      });
      parts.bells.checkIn.ring();
      return rolledBack.ok ? {} : { refusal: rolledBack.refused };
    },
  };
}

/** The same trouble may be known to several parts of the agent. */
const isFirstOfItsKind = (
  each: Refusal | undefined,
  at: number,
  all: readonly (Refusal | undefined)[],
): each is Refusal => each !== undefined && !all.slice(0, at).some((other) => other?.detail === each.detail);

async function serviceStates({ config, services, updater }: AgentParts): Promise<AgentStatus['services']> {
  const named = new Set([...Object.keys(config.services.commands ?? {}), ...(await updater.services())]);
  return Promise.all(
    [...named].map(async (service) => {
      const { state, detail } = await services.state(service);
      return { service, state, detail };
    }),
  );
}

/** agent.yaml was changed after the enrolment: what was enrolled counts (TRUST 4.8), and somebody should know. */
function mixedIdentity({ config, who }: AgentParts): Refusal | undefined {
  if (config.robot === who.robot && config.environment === who.environment) return undefined;
  return {
    phase: 'check-in',
    element: 'agent.yaml',
    category: 'wrong_env',
    detail: `agent.yaml says ${config.robot} in ${config.environment}; this robot is enrolled as ${who.robot} in ${who.environment}.`,
    retryable: false,
    hint: 'Correct agent.yaml, or enrol this robot again: fairlead-agent enroll --new-key.',
  };
}
