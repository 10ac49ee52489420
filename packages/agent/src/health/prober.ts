/** Port: one attempt of one health check. How often it is tried, and what a series of verdicts means, is the caller's. */
import type { ComponentName } from '@fairlead/shared/ids';
import type { HealthCheck } from '@fairlead/shared/release/release-yaml';

export interface ProbeContext {
  readonly component: ComponentName;
  /** The active release folder: where command checks run. */
  readonly folder: string;
  /** Ends the attempt early; the verdict is then `unknown`. */
  readonly signal?: AbortSignal;
}

export interface ProbeVerdict {
  /** `unknown`: the check could not run (no such program, no such service manager). Unknown is not good. */
  readonly verdict: 'healthy' | 'unhealthy' | 'unknown';
  /** What was seen, in one sentence with its figures. */
  readonly detail: string;
}

export interface Prober {
  /** Ends within the check's `timeoutSec`; never rejects. */
  probe(check: HealthCheck, context: ProbeContext): Promise<ProbeVerdict>;
}
