/** Everything that this robot itself has a say with in when it may switch, as agent.yaml arranges it. */

import { uptime } from 'node:os';
import { join } from 'node:path';
import type { Refusal } from '@fairlead/shared/failure';
import type { ComponentName } from '@fairlead/shared/ids';
import type { Clock } from '@fairlead/shared/time';
import { undiciTransport } from '@fairlead/toolkit/http/undici-transport';
import type { Logger } from 'pino';
import type { AlarmRegister } from '../alarms/alarm-register.ts';
import { type Bell, ringAfter } from '../bell.ts';
import type { AgentConfig } from '../config.ts';
import { type LeaseBook, openLeaseBook } from '../leases/lease-book.ts';
import { leasePermission } from '../leases/lease-permission.ts';
import { allOf, type SwitchPermission } from '../update/switch-permission.ts';
import { windowPermission } from '../update/window-permission.ts';
import { askApplication } from './ask-application.ts';
import { factBoard, type PostedFacts } from './posted-facts.ts';
import { MAX_FACT_AGE_SEC, preconditionPermission } from './precondition-permission.ts';
import { meteredLack } from './preconditions.ts';
import { alwaysSafe, type SafeState } from './safe-state.ts';

export interface Conditions {
  readonly permission: SwitchPermission;
  readonly safeState: SafeState;
  readonly mayDownload: (component: ComponentName) => Promise<Refusal | undefined>;
  readonly leases: LeaseBook;
  /** The longest lease that agent.yaml grants. */
  readonly maxLeaseSec: number;
  post(facts: PostedFacts): void;
  /** What is known of the robot's situation and fresh. */
  facts(): PostedFacts;
  close(): void;
}

const MAX_LEASE_SEC = 3600;
const LEASE_ALARM_SEC = 4 * 3600;
/** Temperatures change all the time. */
const GATHER_FACTS_MS = 500;

export async function openConditions(deps: {
  readonly config: AgentConfig;
  readonly bootId: string;
  readonly clock: Clock;
  readonly bell: Bell;
  readonly alarms: AlarmRegister;
  readonly log: Logger;
}): Promise<Conditions> {
  const { config, bootId, clock, bell, alarms, log } = deps;
  const { preconditions, safeState, leases: { maxSec = MAX_LEASE_SEC, alarmAfterSec = LEASE_ALARM_SEC } = {} } = config;
  const board = factBoard(() => performance.now());
  const leases = await openLeaseBook({
    file: join(config.root, 'leases.json'),
    bootId,
    uptimeSec: uptime,
    clock,
    alarmAfterSec,
    onChange: bell.ring,
    alarms: {
      ...alarms,
      raise: (refusal) => {
        log.warn({ refusal }, refusal.detail);
        alarms.raise(refusal);
      },
    },
  });
  const maxAgeSec = preconditions?.maxFactAgeSec ?? MAX_FACT_AGE_SEC;
  const ringSoon = ringAfter(bell, GATHER_FACTS_MS);
  return {
    permission: allOf([
      { kind: 'window', ...windowPermission(config.updateWindow, clock) },
      { kind: 'precondition', ...preconditionPermission(preconditions, board) },
      { kind: 'lease', ...leasePermission(leases) },
    ]),
    safeState: safeState
      ? askApplication(safeState, (socketPath) => undiciTransport({ ...(socketPath !== undefined && { socketPath }) }))
      : alwaysSafe,
    mayDownload: async (component) => {
      const lack = config.download?.unmeteredOnly && meteredLack(board.fresh(maxAgeSec));
      return lack ? { phase: 'download', component, retryable: true, ...lack } : undefined;
    },
    leases,
    maxLeaseSec: maxSec,
    post: (facts) => {
      if (board.post(facts)) ringSoon();
    },
    facts: () => board.fresh(maxAgeSec),
    close: leases.close,
  };
}
