/** A release's health checks over time. One attempt is the prober's; what a series of them means is decided here. */
import type { Phase, Refusal } from '@fairlead/shared/failure';
import type { Manifest } from '@fairlead/shared/release/manifest';
import type { HealthCheck } from '@fairlead/shared/release/release-yaml';
import { SECOND } from '@fairlead/shared/time';
import type { ProbeContext, Prober, ProbeVerdict } from '../health/prober.ts';
import type { StepDeps } from './step-deps.ts';

type Deps = Pick<StepDeps, 'elapsed' | 'sleep'> & { readonly prober: Prober };

/** What the author asked for, and that every service of the release stays up even where nobody asked. */
export function checksOf(manifest: Manifest): readonly HealthCheck[] {
  const asked = manifest.healthChecks ?? [];
  const watched = new Set(asked.flatMap((check) => ('systemd' in check ? [plain(check.systemd.unit)] : [])));
  const implied = (manifest.services ?? []).filter((service) => !watched.has(plain(service)));
  return [...asked, ...implied.map((unit) => ({ systemd: { unit } }))];
}
const plain = (unit: string): string => unit.replace(/\.service$/, '');

/** Tries every check until it passes, at most `attempts` times; the first that never does is the reason. */
export async function passOnce(
  manifest: Manifest,
  phase: Phase,
  context: ProbeContext,
  deps: Deps,
): Promise<Refusal | undefined> {
  const refusals = await Promise.all(
    checksOf(manifest).map(async (check) => {
      const { attempts, intervalMs } = rhythmOf(check);
      let seen: ProbeVerdict | undefined;
      for (let attempt = 1; attempt <= attempts && !context.signal?.aborted; attempt += 1) {
        if (attempt > 1) await deps.sleep(intervalMs, context.signal);
        seen = await deps.prober.probe(check, context);
        if (seen.verdict === 'healthy') return undefined;
      }
      return unhealthy(check, seen, `after ${attempts} attempts`, phase, manifest);
    }),
  );
  return refusals.find((refusal) => refusal !== undefined);
}

/**
 * Watches every check for `ms` milliseconds, once more at the end. Two bad verdicts in a row end it: one may be
 * a hiccup of the check itself, but no check may be bad, or unknown, when the time is over.
 */
export async function keepPassing(
  manifest: Manifest,
  ms: number,
  phase: Phase,
  context: ProbeContext,
  deps: Deps,
): Promise<Refusal | undefined> {
  const end = deps.elapsed() + ms;
  // The first check that turns bad ends the watch of all others.
  const over = new AbortController();
  const signal = context.signal ? AbortSignal.any([context.signal, over.signal]) : over.signal;
  const watchOne = async (check: HealthCheck): Promise<Refusal | undefined> => {
    const { intervalMs } = rhythmOf(check);
    let badInARow = 0;
    while (!signal.aborted) {
      const left = end - deps.elapsed();
      if (left > 0) await deps.sleep(Math.min(intervalMs, left), signal);
      if (signal.aborted) return undefined;
      const seen = await deps.prober.probe(check, { ...context, signal });
      if (signal.aborted) return undefined;
      badInARow = seen.verdict === 'healthy' ? 0 : badInARow + 1;
      if (badInARow >= 2) {
        over.abort();
        return unhealthy(check, seen, 'in probation, twice in a row', phase, manifest);
      }
      if (badInARow === 0 && deps.elapsed() >= end) return undefined;
    }
    return undefined;
  };
  const refusals = await Promise.all(checksOf(manifest).map(watchOne));
  // Without any check a release still has its time to crash the agent's machine.
  const left = end - deps.elapsed();
  if (left > 0 && refusals.length === 0) await deps.sleep(left, context.signal);
  return refusals.find((refusal) => refusal !== undefined);
}

/** How often a check is tried until it must have passed, and how far apart. */
function rhythmOf(check: HealthCheck): { attempts: number; intervalMs: number } {
  const rhythm = (asked: { attempts?: number; intervalSec?: number }) => ({
    attempts: asked.attempts ?? 10,
    intervalMs: (asked.intervalSec ?? 3) * SECOND,
  });
  if ('http' in check) return rhythm(check.http);
  if ('tcp' in check) return rhythm(check.tcp);
  return rhythm('command' in check ? check.command : {});
}

/** Milliseconds within which the check must have passed for the first time after a start. */
export function startPatienceOf(check: HealthCheck): number {
  const { attempts, intervalMs } = rhythmOf(check);
  return attempts * intervalMs;
}

/** The check as people know it: what it looks at. */
export function nameOf(check: HealthCheck): string {
  if ('http' in check) return check.http.url;
  if ('tcp' in check) return `tcp ${check.tcp.host ?? '127.0.0.1'}:${check.tcp.port}`;
  if ('command' in check) return check.command.run.join(' ').slice(0, 200);
  return check.systemd.unit;
}

function unhealthy(
  check: HealthCheck,
  seen: ProbeVerdict | undefined,
  when: string,
  phase: Phase,
  manifest: Manifest,
): Refusal {
  return {
    phase,
    component: manifest.component,
    element: nameOf(check).slice(0, 300),
    // Unknown is not good: a check that could not run proves nothing.
    category: seen?.verdict === 'unhealthy' ? 'health_check' : 'health_unknown',
    detail: `${seen?.detail ?? 'The check was never run.'} (${when})`.slice(0, 2000),
    retryable: false,
    // What runs afterwards is for others to say: a first installation, or a way back that fails, leaves nothing running.
    hint: 'Look at the log of its services around this time, then deploy a release that works.',
  };
}
