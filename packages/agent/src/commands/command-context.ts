/** What every command of `fairlead-agent` is given, and how it ends. */
import { Unreachable } from '@fairlead/shared/api/client';
import { Failure, type Refusal } from '@fairlead/shared/failure';
import type { Lifecycle } from '@fairlead/shared/fleet/states';
import { ComponentName } from '@fairlead/shared/ids';
import { parse } from '@fairlead/shared/parse';
import type { Logger } from 'pino';
import type { Agent } from '../agent.ts';
import type { AgentConfig } from '../config.ts';
import type { FirstConfig } from '../enrol/first-config.ts';
import { sayCheckInError } from '../poll/say-check-in-error.ts';
import type { SelfTest } from '../self-test.ts';
import type { StandIn } from '../stand-in.ts';
import type { Measured } from '../update/updater.ts';

export const EXIT_CODES = {
  ok: 0,
  /** A defect or a broken world. */
  failed: 1,
  /** A wrong command line or agent.yaml. */
  usage: 2,
  /** The answer is no: a release is damaged, a roll-back was refused, the self-test found something. */
  refused: 3,
  /** No agent runs on this machine, or its control plane does not answer. */
  unreachable: 4,
} as const;

/** Ends a command with words for people and a code for scripts; never with a stack. */
export class CommandError extends Error {
  override readonly name = 'CommandError';
  readonly exitCode: number;
  readonly hint: string | undefined;
  constructor(message: string, exitCode: number, hint?: string) {
    super(message);
    this.exitCode = exitCode;
    this.hint = hint;
  }
}

/** What main.ts builds for the commands that need more than the socket. */
export interface OpenedAgent {
  readonly agent: Agent;
  readonly log: Logger;
  /** Clears away what an earlier agent left half-written, and adopts its services; before `agent.run`. */
  adopt(): Promise<void>;
  /** After `agent.run`: leaves them to the next agent or stops them, as agent.yaml says. Only for who adopted them. */
  leaveServices(): Promise<void>;
  /** Aborts when the agent wants to be started again, as the release that is active now. */
  readonly restartWanted: AbortSignal;
  /** Whether this agent is a new one that must prove itself. */
  isOnTrial(): Promise<boolean>;

  /** Asks to be enrolled now. */
  enrol(): Promise<{ readonly fingerprint: string; readonly lifecycle: Lifecycle }>;
  verify(component: ComponentName | undefined): Promise<readonly Measured[]>;
  close(): void;
}
export interface CommandContext {
  /** Reads agent.yaml, or ends with its mistakes. */
  config(): Promise<AgentConfig>;
  /** The same, where the command line may be all that there is of it yet. */
  firstConfig(given: FirstConfig): Promise<AgentConfig>;
  open(config: AgentConfig): Promise<OpenedAgent>;
  /** What runs in the agent's place while the disk does not let it start. */
  standIn(config: AgentConfig, trouble: () => Refusal): Promise<StandIn>;
  selfTest: SelfTest;
  /** `--json` prints `value`; else `human` prints lines. */
  answer(value: unknown, human: () => readonly string[]): void;
}

/** A component as it was written on the command line. */
export function readComponent(name: string): ComponentName {
  const component = parse(ComponentName, name);
  if (component.ok) return component.value;
  throw new CommandError(`'${name}' is no name of a component.`, EXIT_CODES.usage);
}

export function refusedError(refusal: Refusal): CommandError {
  return new CommandError(`${refusal.detail} (${refusal.category})`, EXIT_CODES.refused, refusal.hint);
}

/** Whatever was thrown, as the last words of a command. */
export function toCommandError(error: unknown): CommandError {
  if (error instanceof CommandError) return error;
  if (error instanceof Failure) return new CommandError(error.refusal.detail, EXIT_CODES.failed, error.refusal.hint);
  const { detail, hint } = sayCheckInError(error);
  return new CommandError(detail, error instanceof Unreachable ? EXIT_CODES.unreachable : EXIT_CODES.failed, hint);
}
