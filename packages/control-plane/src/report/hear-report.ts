/** What a stored report means for those who only watch: the heartbeat registry and the log. */
import type { Instant } from '@fairlead/shared/time';
import type { Report } from '@fairlead/shared/trust/report';
import type { FastifyBaseLogger } from 'fastify';
import type { PresenceRegistry } from '../fleet/presence-registry.ts';
import { componentsAfter } from './components-after.ts';
import { reportedAt } from './not-before.ts';

export function hearReport(
  presence: PresenceRegistry,
  logger: FastifyBaseLogger,
  report: Report,
  receivedAt: Instant,
): void {
  const { robot, body } = report;
  const components = componentsAfter(presence.of(robot)?.facts.components ?? [], body);
  if (components) presence.learn(robot, { components, observedAt: reportedAt(report, receivedAt) });
  if (body.event === 'alarm') logger.warn({ robot, refusal: body.refusal }, 'a robot raised an alarm');
  if (body.event === 'alarm-resolved') {
    const { event: _event, ...alarm } = body;
    logger.info({ robot, ...alarm }, 'an alarm of a robot ended');
  }
  if (body.event === 'update-ended') {
    const { deployment, component, outcome, refusal } = body;
    logger.info({ robot, deployment, component, outcome, ...(refusal && { refusal }) }, 'an update ended');
  }
}
