/** A robot introduces itself: its own key signs the request, which proves that it holds it (TRUST 4.11). */
import { readFile } from 'node:fs/promises';
import type { Client } from '@fairlead/shared/api/client';
import type { robotApi } from '@fairlead/shared/api/robot-api';
import { Failure } from '@fairlead/shared/failure';
import type { Lifecycle } from '@fairlead/shared/fleet/states';
import { type Clock, toTimestamp } from '@fairlead/shared/time';
import { tokenMistake, trimToken } from '@fairlead/shared/token-text';
import type { Signer } from '@fairlead/shared/trust/ed25519';
import { describeFileError } from '@fairlead/toolkit/file-error';
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

/** Throws a Failure that names the place of a token which can be none. */
async function readToken(enrolment: AgentConfig['enrolment']): Promise<string | undefined> {
  if (enrolment === undefined) return undefined;
  if ('token' in enrolment) return checkedToken(enrolment.token, 'enrolment.token');
  const { tokenFile } = enrolment;
  const text = await readFile(tokenFile, 'utf8').catch((error: unknown) => {
    throw new Failure(badToken(tokenFile, `cannot be read: ${describeFileError(error)}`));
  });
  return checkedToken(text, tokenFile);
}

function checkedToken(text: string, element: string): string {
  const token = trimToken(text);
  const mistake = tokenMistake(token);
  if (mistake !== undefined) throw new Failure(badToken(element, mistake));
  return token;
}

const badToken = (element: string, mistake: string) =>
  ({
    phase: 'check-in',
    element: element.slice(-300),
    category: 'bad_token',
    detail: `The enrollment token (${element}) ${mistake}.`,
    retryable: true,
    hint: 'Write the token of fairlead robot token there, or take enrolment out of agent.yaml to wait as pending.',
  }) as const;

const otherRobot = (mine: EnrolDeps['config'], reply: { robot: string; environment: string }) =>
  ({
    phase: 'check-in',
    element: 'enrolment',
    category: 'wrong_env',
    detail: `The server knows this key as ${reply.robot} in ${reply.environment}; agent.yaml says ${mine.robot} in ${mine.environment}.`,
    retryable: false,
    hint: 'Correct agent.yaml, or make a new key: fairlead-agent enroll --new-key.',
  }) as const;
