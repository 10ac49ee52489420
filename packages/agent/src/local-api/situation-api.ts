/** The robot's own say on the local socket: busy leases, and what the application knows of the robot's situation. */
import type { Api } from '@fairlead/shared/api/route';
import { Metrics } from '@fairlead/shared/fleet/robot-facts';
import { Type } from 'typebox';
import { PostedFacts } from '../conditions/posted-facts.ts';
import { Lease, LeaseOwner, LeaseReason, LeaseSeconds } from '../leases/lease.ts';

const closed = { additionalProperties: false };
const OwnerParams = Type.Object({ owner: LeaseOwner }, closed);

export const situationApi = {
  listLeases: {
    method: 'GET',
    path: '/leases',
    access: 'public',
    tag: 'local',
    summary: 'The busy leases that hold now, the longest first',
    reply: Type.Object({ leases: Type.Array(Lease), maxSec: Type.Integer() }),
  },
  takeLease: {
    method: 'POST',
    path: '/leases',
    access: 'public',
    tag: 'local',
    summary: 'Say "not now": no release is switched while the lease holds. Taken again it is renewed',
    body: Type.Object({ owner: LeaseOwner, reason: LeaseReason, ttlSec: LeaseSeconds }, closed),
    reply: Lease,
  },
  extendLease: {
    method: 'PUT',
    path: '/leases/:owner',
    access: 'public',
    tag: 'local',
    summary: 'Still busy: let the lease hold for so long from now; 404 where it is over',
    params: OwnerParams,
    body: Type.Object({ ttlSec: LeaseSeconds }, closed),
    reply: Lease,
  },
  releaseLease: {
    method: 'DELETE',
    path: '/leases/:owner',
    access: 'public',
    tag: 'local',
    summary: 'Busy no more; 404 where the lease is over already',
    params: OwnerParams,
    reply: Lease,
  },
  postFacts: {
    method: 'POST',
    path: '/facts',
    access: 'public',
    tag: 'local',
    summary: 'What the application knows of battery, dock, motion, temperature and link',
    body: PostedFacts,
    reply: PostedFacts,
  },
  postMetrics: {
    method: 'POST',
    path: '/metrics',
    access: 'public',
    tag: 'local',
    summary:
      'What the application measures of itself; check-ins carry the newest values, gates of rollouts compare them',
    body: Metrics,
    reply: Metrics,
  },
} as const satisfies Api;
