/** Named readiness checks: each slice registers what it needs to do its work. */

export interface Verdict {
  readonly ok: boolean;
  /** One sentence with its figures; told to anybody, so nothing secret. */
  readonly detail: string;
}
export type HealthCheck = () => Promise<Verdict>;

export interface HealthChecks {
  register(name: string, check: HealthCheck): void;
  /** Runs all of them; one that throws, or takes longer than two seconds, is red. */
  run(): Promise<Readonly<Record<string, Verdict>>>;
}

const PATIENCE_MS = 2000;

export function healthChecks(): HealthChecks {
  const checks = new Map<string, HealthCheck>();
  return {
    register: (name, check) => void checks.set(name, check),
    async run() {
      const run = [...checks].map(async ([name, check]) => [name, await judge(check)] as const);
      return Object.fromEntries(await Promise.all(run));
    },
  };
}

async function judge(check: HealthCheck): Promise<Verdict> {
  const { promise: tooLong, resolve } = Promise.withResolvers<Verdict>();
  const timer = setTimeout(() => resolve({ ok: false, detail: `no answer within ${PATIENCE_MS} ms` }), PATIENCE_MS);
  try {
    return await Promise.race([check(), tooLong]);
  } catch {
    return { ok: false, detail: 'the check itself failed; the log says why' };
  } finally {
    clearTimeout(timer);
  }
}
