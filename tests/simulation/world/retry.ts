/** A request over a line that loses some is repeated until the server answers it, as every client of Fairlead does. */
import { ProblemError } from '@fairlead/shared/api/client';
import { SECOND } from '@fairlead/shared/time';
import type { Agenda } from './agenda.ts';
import type { Chance } from './chance.ts';

const LONGEST_PAUSE_SEC = 60;
/** Resolves with the first answer; rejects with the first refusal of the server (4xx) or error of the harness. */
export async function untilAnswered<T>(
  { agenda, chance }: { readonly agenda: Pick<Agenda, 'sleep'>; readonly chance: Chance },
  call: () => Promise<T>,
): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await call();
    } catch (error) {
      if (!isTransient(error)) throw error;
      await agenda.sleep(Math.min(LONGEST_PAUSE_SEC, 2 ** attempt) * SECOND * (0.5 + chance.next()));
    }
  }
}

function isTransient(error: unknown): boolean {
  if (error instanceof ProblemError) return error.problem.status >= 500;
  return error instanceof Error && error.name === 'Unreachable';
}
