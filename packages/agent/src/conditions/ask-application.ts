/** The safe-state question over HTTP (loopback or a Unix socket), or by a command whose exit code 0 means safe. */
import type { Transport } from '@fairlead/shared/api/client';
import { accept, type Refusal, refuse } from '@fairlead/shared/failure';
import { parse } from '@fairlead/shared/parse';
import { SECOND } from '@fairlead/shared/time';
import { type Static, Type } from 'typebox';
import type { ConditionCommand } from './preconditions.ts';
import { runCommand } from './run-command.ts';
import type { SafeState, SafeStateConfig, SwitchInQuestion } from './safe-state.ts';

const TIMEOUT_SEC = 10;
const ASK_AGAIN_SEC = 10;
const OVER_TIMEOUT_MS = 3 * SECOND;

/** What the application answers. */
export const SafeStateAnswer = Type.Object({
  safe: Type.Boolean(),
  reason: Type.Optional(Type.String({ maxLength: 500 })),
  retryAfterSec: Type.Optional(Type.Number({ minimum: 0, maximum: 86_400 })),
});
type Answer = Static<typeof SafeStateAnswer>;

/** `transport` is only made for a robot that configures a URL. */
export function askApplication(config: SafeStateConfig, transportTo: (socket?: string) => Transport): SafeState {
  const ask = 'command' in config ? byCommand(config.command) : byHttp(config, transportTo(config.socket));
  return {
    async ask(question, final) {
      const answer = await ask({ event: 'may-switch', final, ...wordsOf(question) });
      const retryAfterMs = ('safe' in answer ? (answer.retryAfterSec ?? ASK_AGAIN_SEC) : ASK_AGAIN_SEC) * SECOND;
      if ('safe' in answer && answer.safe) return accept(undefined);
      const why = 'safe' in answer ? (answer.reason ?? 'it says no') : answer.unanswered;
      return { ...refuse(notSafe(question, why, 'safe' in answer)), retryAfterMs };
    },
    over(question, outcome) {
      void ask({ event: 'over', outcome, ...wordsOf(question) }, OVER_TIMEOUT_MS);
    },
  };
}

type Words = Record<string, string | boolean>;
type Ask = (words: Words, timeoutMs?: number) => Promise<Answer | { readonly unanswered: string }>;

const byHttp =
  ({ url, timeoutSec = TIMEOUT_SEC }: Extract<SafeStateConfig, { url: string }>, transport: Transport): Ask =>
  async (words, timeoutMs = timeoutSec * SECOND) => {
    try {
      const reply = await transport({
        method: 'POST',
        url: new URL(url),
        headers: { 'content-type': 'application/json' },
        body: new TextEncoder().encode(JSON.stringify(words)),
        signal: AbortSignal.timeout(timeoutMs),
      });
      if (reply.status < 200 || reply.status > 299) return { unanswered: `it answered with HTTP ${reply.status}` };
      const answer = parse(SafeStateAnswer, JSON.parse(new TextDecoder().decode(reply.body)));
      return answer.ok ? answer.value : { unanswered: 'it answered something else than {"safe": true or false}' };
    } catch (error) {
      return { unanswered: `no answer: ${error instanceof Error ? error.message : String(error)}` };
    }
  };

/** The words are its last argument, as JSON. What it prints is its reason. */
const byCommand =
  (command: ConditionCommand): Ask =>
  async (words) => {
    const { exitCode, output, ended } = await runCommand({ ...command, run: [...command.run, JSON.stringify(words)] });
    if (exitCode === undefined) return { unanswered: ended };
    const reason = output.trim().slice(0, 500);
    return { safe: exitCode === 0, ...(reason !== '' && { reason }) };
  };

const wordsOf = ({ deployment, component, candidate, current }: SwitchInQuestion): Words => ({
  deployment,
  component,
  to: candidate.version,
  ...(current && { from: current.version }),
});

const notSafe = ({ component }: SwitchInQuestion, why: string, answered: boolean): Refusal => ({
  phase: 'wait',
  component,
  element: 'safeState',
  category: answered ? 'not_safe' : 'safe_state_unanswered',
  detail: `The application does not let this robot switch: ${why}`.slice(0, 1000),
  retryable: true,
  hint: answered
    ? 'It is asked again; it switches when the application says that it is safe.'
    : 'Does the application run, and does `safeState` in agent.yaml name it? No answer counts as not safe.',
});
