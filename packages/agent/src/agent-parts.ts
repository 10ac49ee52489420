/** Everything an agent is made of; main.ts chooses the adapters. */
import type { Client } from '@fairlead/shared/api/client';
import type { filesApi } from '@fairlead/shared/api/files-api';
import type { robotApi } from '@fairlead/shared/api/robot-api';
import type { Refusal } from '@fairlead/shared/failure';
import type { PatientTrustStore } from '@fairlead/toolkit/trust/patient-trust-store';
import type { Logger } from 'pino';
import type { AlarmRegister } from './alarms/alarm-register.ts';
import type { Bell } from './bell.ts';
import type { AgentClock } from './clock/agent-clock.ts';
import type { Conditions } from './conditions/open-conditions.ts';
import type { AgentConfig } from './config.ts';
import type { RobotIdentity } from './identity/robot-identity.ts';
import type { RobotKey } from './identity/robot-key.ts';
import type { Facts } from './inventory/facts.ts';
import type { MetricBoard } from './inventory/metric-board.ts';
import type { Pulse } from './lifeline/pulse.ts';
import type { ServiceNotifier } from './lifeline/service-notifier.ts';
import type { Monitor } from './monitoring/monitor.ts';
import type { KeptReports } from './outbox/kept-reports.ts';
import type { Spool } from './outbox/outbox.ts';
import type { ReportChain } from './outbox/report-chain.ts';
import type { OwnRelease } from './own-release/own-release.ts';
import type { LateConfirmation } from './poll/confirm-switch.ts';
import type { ServiceManager } from './services/service-manager.ts';
import type { Updater } from './update/updater.ts';
import type { UpdateHistory } from './update-history/update-history.ts';

/** Who this robot is: as it was enrolled, or as it will ask to be. */
export interface WhoAmI extends Pick<RobotIdentity, 'robot' | 'environment'> {
  readonly isEnrolled: boolean;
}
export interface AgentParts {
  readonly config: AgentConfig;
  readonly who: WhoAmI;
  readonly key: RobotKey;
  /** `identity/` under the root folder. */
  readonly identityFolder: string;
  readonly bootId: string;
  readonly clock: AgentClock;
  readonly trust: PatientTrustStore;
  /** What was lost, found at the start: reported once per start. */
  readonly findings: readonly Refusal[];
  readonly facts: Facts;
  readonly services: ServiceManager;
  readonly spool: Spool & KeptReports;
  readonly alarms: AlarmRegister;
  readonly chain: ReportChain;
  readonly updater: Updater;
  /** Watches what is committed. */
  readonly monitor: Monitor;
  readonly history: UpdateHistory;
  /** Asks the control plane before a switch, once there is somebody who can ask. */
  readonly confirmation: LateConfirmation;
  /** The robot's own say in when it may switch. */
  readonly conditions: Conditions;
  /** What the application measured of itself lately. */
  readonly metrics: MetricBoard;
  readonly client: Client<typeof robotApi>;
  readonly files: Pick<Client<typeof filesApi>, 'metadata'>;
  /** Rung for a check-in at once, for a delivery at once, and for "may it switch now?" at once. */
  readonly bells: { readonly checkIn: Bell; readonly delivery: Bell; readonly permission: Bell };
  readonly own: OwnRelease;
  readonly pulse: Pulse;
  readonly notifier: ServiceNotifier;
  readonly log: Logger;
}
