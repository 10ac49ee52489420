/** Live, ready, metrics. */
import type { healthApi } from '@fairlead/shared/api/health-api';
import type { Registry } from 'prom-client';
import { Answer, type Handlers } from '../http/handlers.ts';
import type { HealthChecks } from './health-checks.ts';

export const healthHandlers = (checks: HealthChecks, metrics: Registry): Handlers<typeof healthApi> => ({
  live: async () => ({ ok: true }),

  async ready() {
    const verdicts = await checks.run();
    const ok = Object.values(verdicts).every((verdict) => verdict.ok);
    return new Answer(ok ? 200 : 503, { ok, checks: verdicts });
  },

  metrics: () => metrics.metrics(),
});
