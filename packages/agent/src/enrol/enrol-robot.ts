/** A robot introduces itself: its own key signs the request, which proves that it holds it (TRUST 4.11). */
import { readFile } from 'node:fs/promises';
import type { Client } from '@fairlead/shared/api/client';
import type { robotApi } from '@fairlead/shared/api/robot-api';
import { Failure } from '@fairlead/shared/failure';
import type { Lifecycle } from '@fairlead/shared/fleet/states';
import { type Clock, toTimestamp } from '@fairlead/shared/time';
import type { Signer } from '@fairlead/shared/trust/ed25519';
import type { AgentConfig } from '../config.ts';
import { type RobotIdentity, writeIdentity } from '../identity/robot-identity.ts';
import type { Facts } from '../inventory/facts.ts';

export interface EnrolDeps {
  readonly config: Pick<AgentConfig, 'robot' | 'environment' | 'group' | 'labels' | 'enrolment'>;
  /** `identity/` under the agent's root. */
  readonly folder: string;
  readonly signer: Signer;
  readonly client: Pick<Client<typeof robotApi>, 'enrol'>;
  readonly facts: Facts;
  readonly clock: Clock;
}

/**
 * Asks to be enrolled and writes down as whom. Asking twice with one key is fine: an answer may get lost.
 * Without a token the robot is `pending` and already checks in. Rejects as the client does.
 */
export async function enrolRobot(deps: EnrolDeps): Promise<RobotIdentity & { readonly lifecycle: Lifecycle }> {
  const { config, signer } = deps;
  const token = await readToken(config.enrolment);
  const reply = await deps.client.enrol({
    body: {
      robot: config.robot,
      publicKey: signer.publicKey,
      environment: config.environment,
      ...(token !== undefined && { token }),
      ...(config.group !== undefined && { group: config.group }),
      ...(config.labels !== undefined && { labels: config.labels }),
      inventory: await deps.facts.inventory(),
    },
  });
  if (reply.robot !== config.robot || reply.environment !== config.environment) {
    // The server may choose who robots are, but not which release key a robot obeys.
    throw new Failure(otherRobot(config, reply));
  }
  const { robot, environment } = config;
  const identity = { robot, environment, keyid: signer.keyid, enrolledAt: toTimestamp(deps.clock.now()) };
  await writeIdentity(deps.folder, identity);
  return { schema: 'fairlead.robot.v1', ...identity, lifecycle: reply.lifecycle };
}

async function readToken(enrolment: AgentConfig['enrolment']): Promise<string | undefined> {
  if (enrolment === undefined) return undefined;
  return 'token' in enrolment ? enrolment.token : (await readFile(enrolment.tokenFile, 'utf8')).trim();
}

const otherRobot = (mine: EnrolDeps['config'], reply: { robot: string; environment: string }) =>
  ({
    phase: 'check-in',
    element: 'enrolment',
    category: 'wrong_env',
    detail: `The server knows this key as ${reply.robot} in ${reply.environment}; agent.yaml says ${mine.robot} in ${mine.environment}.`,
    retryable: false,
    hint: 'Correct agent.yaml, or make a new key: fairlead-agent enroll --new-key.',
  }) as const;
