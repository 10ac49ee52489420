import type { ComponentName, DeploymentId } from '@fairlead/shared/ids';
import type { ReportEvent } from '@fairlead/shared/trust/report';

/** The report of an update that succeeded; each `n` is another deployment. */
export const updateEnded = (n: number): ReportEvent => ({
  event: 'update-ended',
  deployment: `dep_${String(n).padStart(10, '0')}` as DeploymentId,
  component: 'duck-policy' as ComponentName,
  outcome: 'succeeded',
});
