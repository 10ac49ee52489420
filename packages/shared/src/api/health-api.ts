/** For load balancers, Prometheus and the curious. */
import { Type } from 'typebox';
import type { Api } from './route.ts';

const Check = Type.Object({ ok: Type.Boolean(), detail: Type.String() });

export const healthApi = {
  live: {
    method: 'GET',
    path: '/health/live',
    access: 'public',
    tag: 'health',
    summary: 'The process runs',
    reply: Type.Object({ ok: Type.Boolean() }),
  },
  /** 503 while a check is red: store, blobs, freshness of the signed metadata. */
  ready: {
    method: 'GET',
    path: '/health/ready',
    access: 'public',
    tag: 'health',
    summary: 'The control plane can do its work',
    reply: Type.Object({ ok: Type.Boolean(), checks: Type.Record(Type.String(), Check) }),
  },
  metrics: {
    method: 'GET',
    path: '/metrics',
    access: 'public',
    tag: 'health',
    summary: 'Prometheus metrics',
    reply: 'text',
  },
} as const satisfies Api;
