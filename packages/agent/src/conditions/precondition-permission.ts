/** Permission by the preconditions of agent.yaml: what the application posted, then what commands say. */
import { type Result, refuse } from '@fairlead/shared/failure';
import { parse } from '@fairlead/shared/parse';
import { SECOND } from '@fairlead/shared/time';
import type { SwitchPermission } from '../update/switch-permission.ts';
import { type FactBoard, PostedFacts } from './posted-facts.ts';
import { firstLack, type Lack, type Preconditions } from './preconditions.ts';
import { runCommand } from './run-command.ts';

/** Batteries and docks change slowly, and a posted fact wakes whoever waits. */
const ASK_AGAIN_MS = 10 * SECOND;
export const MAX_FACT_AGE_SEC = 60;

export function preconditionPermission(wanted: Preconditions | undefined, board: FactBoard): SwitchPermission {
  return {
    ask: async (component) => {
      const lack = wanted && (await lackOf(wanted, board));
      if (!lack) return { granted: true };
      const reason = { phase: 'wait', component, retryable: true, ...lack } as const;
      return { granted: false, askAgainInMs: ASK_AGAIN_MS, reason };
    },
  };
}

async function lackOf(wanted: Preconditions, board: FactBoard): Promise<Lack | undefined> {
  const measured = wanted.facts ? await factsOf(wanted.facts) : { ok: true as const, value: {} };
  if (!measured.ok) return measured.refused;
  const posted = board.fresh(wanted.maxFactAgeSec ?? MAX_FACT_AGE_SEC);
  const lack = firstLack(wanted, { ...posted, ...measured.value });
  if (lack) return lack;
  for (const check of wanted.checks ?? []) {
    const { exitCode, output, ended } = await runCommand(check);
    if (exitCode === 0) continue;
    const said = output.trim() === '' ? '' : `: ${output.trim().slice(0, 500)}`;
    return {
      element: check.name,
      category: 'precondition',
      detail: `${check.name} does not hold: ${ended}${said}`.slice(0, 1000),
      hint: check.hint ?? `Run ${check.run.join(' ')} on the robot to see why.`.slice(0, 500),
    };
  }
  return undefined;
}

async function factsOf(command: NonNullable<Preconditions['facts']>): Promise<Result<PostedFacts, Lack>> {
  const { exitCode, output, ended } = await runCommand(command);
  const parsed = exitCode === 0 ? parse(PostedFacts, readJson(output)) : undefined;
  if (parsed?.ok) return parsed;
  const why = parsed ? `it printed no facts (${parsed.refused[0]?.message ?? ''})` : ended;
  return refuse({
    element: 'preconditions.facts',
    category: 'fact_unknown',
    detail: `The command that says how the robot is gave no facts: ${why}.`.slice(0, 1000),
    hint: `Run ${command.run.join(' ')} on the robot: it must print JSON as POST /facts takes it.`.slice(0, 500),
  });
}

function readJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
