/**
 * Port: the robot's application is asked "may you be switched now?", brings itself into a safe state and says so, or says
 * no. Asked last of all, and told when it is over, however it ended.
 */
import type { Result } from '@fairlead/shared/failure';
import type { Journal } from '@fairlead/shared/update/journal';
import { type Static, Type } from 'typebox';
import { ConditionCommand } from './preconditions.ts';

const closed = { additionalProperties: false };
export const SafeStateConfig = Type.Union(
  [
    Type.Object(
      {
        url: Type.String({
          pattern: '^http://[^\\s]+$',
          maxLength: 500,
          description: 'An http:// URL of the application, asked by POST, such as http://127.0.0.1:9300/.',
        }),
        socket: Type.Optional(
          Type.String({ pattern: '^/', maxLength: 1024, description: 'An absolute path: the Unix socket to use.' }),
        ),
        timeoutSec: Type.Optional(Type.Integer({ minimum: 1, maximum: 600, description: 'Default 10.' })),
      },
      closed,
    ),
    Type.Object({ command: ConditionCommand }, closed),
  ],
  { description: 'Who is asked immediately before a switch. No answer in time means: not safe.' },
);
export type SafeStateConfig = Static<typeof SafeStateConfig>;

export type SwitchInQuestion = Pick<Journal, 'deployment' | 'component' | 'candidate' | 'current'>;
export interface SafeState {
  /** `final`: the switch follows at once. Refused: not safe, or no answer; `retryAfterMs` is when to ask again. */
  ask(question: SwitchInQuestion, final: boolean): Promise<Result<void> & { readonly retryAfterMs?: number }>;
  /** The application may go on. Never fails; nobody waits for it. */
  over(question: SwitchInQuestion, outcome: 'switched' | 'given-up'): void;
}

export const alwaysSafe: SafeState = { ask: async () => ({ ok: true, value: undefined }), over: () => undefined };
