import { describe, expect, test } from 'vitest';
import type { Refusal } from '../failure.ts';
import type { ComponentName, DeploymentId, Sha256, Version } from '../ids.ts';
import type { ReportEvent } from '../trust/report.ts';
import { type HealthChanged, healthReports, type MonitoredRelease } from './health-reports.ts';

const release = (version: string, deployment: string): MonitoredRelease => ({
  component: 'duck-policy' as ComponentName,
  deployment: deployment as DeploymentId,
  active: { version: version as Version, manifestSha256: version.repeat(20).slice(0, 64) as Sha256 },
});
const FIRST = release('1.0.0', 'dep_0000000001');
const SECOND = release('2.0.0', 'dep_0000000002');
const refusal = (element: string): Refusal => ({
  phase: 'monitor',
  component: FIRST.component,
  element,
  category: 'health_check',
  detail: 'answered 500',
  retryable: false,
  hint: '',
});
const HTTP = refusal('http');
/** Reports a series of changes as a robot does, each against what was reported last. */
function series(...changes: readonly [MonitoredRelease, 'healthy' | 'degraded' | 'unknown', Refusal?][]): string[][] {
  let last: HealthChanged | undefined;
  return changes.map(([of, state, why]) => {
    const reports = healthReports(of, { state, ...(why && { refusal: why }) }, last);
    for (const each of reports) if (each.event === 'health-changed') last = each;
    return reports.map(describeReport);
  });
}
function describeReport(report: ReportEvent): string {
  if (report.event === 'health-changed')
    return `${report.state} ${report.active?.version} ${report.deployment?.at(-1)}`;
  if (report.event === 'alarm') return `alarm ${report.refusal.element}`;
  return report.event === 'alarm-resolved' ? `resolved ${report.element}` : report.event;
}

describe('a robot reports the health of a component', () => {
  test('once per change, with an alarm that is raised and resolved', () => {
    expect(
      series(
        [FIRST, 'unknown'],
        [FIRST, 'healthy'],
        [FIRST, 'degraded', HTTP],
        [FIRST, 'degraded', HTTP],
        [FIRST, 'degraded', refusal('duck')],
        [FIRST, 'healthy'],
        [FIRST, 'healthy'],
      ),
    ).toEqual([[], [], ['alarm http', 'degraded 1.0.0 1'], [], [], ['resolved http', 'healthy 1.0.0 1'], []]);
  });

  test('as healthy when a release that works has replaced a degraded one', () => {
    expect(series([FIRST, 'degraded', HTTP], [SECOND, 'unknown'], [SECOND, 'healthy'])).toEqual([
      ['alarm http', 'degraded 1.0.0 1'],
      [],
      ['resolved http', 'healthy 2.0.0 2'],
    ]);
  });

  test('as degraded again when the next release is, and resolves the alarm only where it is another one', () => {
    expect(series([FIRST, 'degraded', HTTP], [SECOND, 'degraded', HTTP])[1]).toEqual([
      'alarm http',
      'degraded 2.0.0 2',
    ]);
    expect(series([FIRST, 'degraded', HTTP], [SECOND, 'degraded', refusal('duck')])[1]).toEqual([
      'resolved http',
      'alarm duck',
      'degraded 2.0.0 2',
    ]);
  });

  test('again where the same release was installed again by another order', () => {
    const again = { ...FIRST, deployment: 'dep_0000000009' as DeploymentId };
    expect(series([FIRST, 'degraded', HTTP], [again, 'degraded', HTTP])[1]).toEqual(['alarm http', 'degraded 1.0.0 9']);
  });
});
