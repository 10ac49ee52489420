/** Everything a step may need; each takes only its part. */
import type { Refusal } from '@fairlead/shared/failure';
import type { ComponentName } from '@fairlead/shared/ids';
import type { Clock } from '@fairlead/shared/time';
import type { ExtractBundle, MeasureTree } from '@fairlead/toolkit/bundle/bundle';
import type { RunSmokeTests } from '@fairlead/toolkit/smoke-test/smoke-test';
import type { AlarmRegister } from '../alarms/alarm-register.ts';
import type { SafeState } from '../conditions/safe-state.ts';
import type { BlobSource } from '../download/blob-source.ts';
import type { Pace } from '../download/pace.ts';
import type { Prober } from '../health/prober.ts';
import type { Outbox } from '../outbox/outbox.ts';
import type { OwnRelease } from '../own-release/own-release.ts';
import type { SignedManifest } from '../poll/signed-manifest.ts';
import type { Layout } from '../releases/layout.ts';
import type { ReleaseFolder } from '../releases/release-folder.ts';
import type { ServiceManager } from '../services/service-manager.ts';
import type { UpdateHistory } from '../update-history/update-history.ts';
import type { SwitchConfirmation } from './ask-before-switch.ts';
import type { SwitchPermission } from './switch-permission.ts';

export interface StepDeps {
  readonly layout: Layout;
  readonly folderOf: (component: ComponentName) => Promise<ReleaseFolder>;
  readonly extractBundle: ExtractBundle;
  readonly measureTree: MeasureTree;
  readonly runSmokeTests: RunSmokeTests;
  readonly blobs: BlobSource;
  readonly pace: Pace;
  readonly services: ServiceManager;
  readonly prober: Prober;
  readonly outbox: Outbox;
  readonly alarms: AlarmRegister;
  readonly history: UpdateHistory;
  readonly own: OwnRelease;
  readonly permission: SwitchPermission;
  readonly confirmation: SwitchConfirmation;
  readonly safeState: SafeState;
  /** Why nothing may be downloaded right now (a metered link); undefined where it may. */
  readonly mayDownload: (component: ComponentName) => Promise<Refusal | undefined>;
  /** The signed manifest of a release, verified; undefined where the release key does not sign it any more, or it can't be fetched. */
  readonly signedManifest: SignedManifest;
  readonly clock: Clock;
  /** Monotonic milliseconds: the clock may jump in the middle of a download or a probation. */
  readonly elapsed: () => number;
  /** Resolves after `ms`, or at once when the signal aborts. */
  readonly sleep: (ms: number, signal?: AbortSignal) => Promise<void>;
  /** 0 to 1, for jitter. */
  readonly random: () => number;
}
