/** An endpoint of the robot application answers with the expected status. */
import type { HealthCheck } from '@fairlead/shared/release/release-yaml';
import { sendRequest } from '@fairlead/toolkit/http/send-request';
import type { ProbeVerdict } from './prober.ts';

type Check = Extract<HealthCheck, { http: unknown }>['http'];

export async function probeHttp(check: Check, signal: AbortSignal): Promise<ProbeVerdict> {
  const wanted = check.expectStatus ?? 200;
  try {
    const { statusCode, body } = await sendRequest(new URL(check.url), { signal });
    // The body is not judged, but its socket must be freed.
    await body.dump({ limit: 64 * 1024 });
    const verdict = statusCode === wanted ? 'healthy' : 'unhealthy';
    return { verdict, detail: `${check.url} answered ${statusCode}, expected ${wanted}` };
  } catch (error) {
    const what = signal.aborted ? 'did not answer in time' : `did not answer: ${reasonOf(error)}`;
    return { verdict: 'unhealthy', detail: `${check.url} ${what}` };
  }
}

/** Node says "connect ECONNREFUSED …" only in the cause or in an aggregate of one error per address. */
export function reasonOf(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0) return reasonOf(error.errors[0]);
  return error instanceof Error ? error.message : String(error);
}
