/** Named readiness checks: each slice registers what it needs to do its work. */
import { abortable } from '@fairlead/toolkit/abortable';

export interface Verdict {
  readonly ok: boolean;
  /** One sentence with its figures; told to anybody, so nothing secret. */
  readonly detail: string;
}
export type HealthCheck = () => Promise<Verdict>;

export interface HealthChecks {
  register(name: string, check: HealthCheck): void;
  /** Runs all of them; one that throws, or takes longer than the timeout, is red. */
  run(): Promise<Readonly<Record<string, Verdict>>>;
}

/** `timeoutMs`: of each check, in milliseconds. Default 2000. */
export function healthChecks(timeoutMs = 2000): HealthChecks {
  const checks = new Map<string, HealthCheck>();
  return {
    register: (name, check) => void checks.set(name, check),
    async run() {
      const run = [...checks].map(async ([name, check]) => [name, await judge(check, timeoutMs)] as const);
      return Object.fromEntries(await Promise.all(run));
    },
  };
}

async function judge(check: HealthCheck, timeoutMs: number): Promise<Verdict> {
  const timeout = AbortSignal.timeout(timeoutMs);
  try {
    return await abortable(check(), timeout);
  } catch {
    if (timeout.aborted) return { ok: false, detail: `no answer within ${timeoutMs} ms` };
    return { ok: false, detail: 'the check itself failed; the log says why' };
  }
}
