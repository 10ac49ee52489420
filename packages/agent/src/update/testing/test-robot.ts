/** A robot for tests: the real updater on a real disk; server, services, health and time are told what to do. */
import { mkdtemp, readFile, realpath } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { accept } from '@fairlead/shared/failure';
import { ComponentName, DeploymentId } from '@fairlead/shared/ids';
import { identify, manifestBytes } from '@fairlead/shared/release/parse-manifest';
import { type SampleFile, sampleManifest } from '@fairlead/shared/release/testing/sample-manifest';
import { testClock, unevenClock, withFractions } from '@fairlead/shared/testing/test-clock';
import type { ReportEvent } from '@fairlead/shared/trust/report';
import { extractBundle } from '@fairlead/toolkit/bundle/extract-bundle';
import { measureTree } from '@fairlead/toolkit/bundle/measure-tree';
import { removeTree } from '@fairlead/toolkit/bundle/remove-tree';
import { pack } from '@fairlead/toolkit/bundle/testing/bundle-workshop';
import { Parse } from 'typebox/value';
import { onTestFinished } from 'vitest';
import { memoryAlarmRegister } from '../../alarms/memory-alarm-register.ts';
import type { ProbeVerdict } from '../../health/prober.ts';
import { fileJournalStore } from '../../journal/file-journal-store.ts';
import type { Outbox } from '../../outbox/outbox.ts';
import { notLaunched } from '../../own-release/not-launched.ts';
import type { VerifiedOrder } from '../../poll/verified-order.ts';
import { layoutOf } from '../../releases/layout.ts';
import { openReleaseFolder } from '../../releases/release-folder.ts';
import type { Confirmation, SwitchConfirmation } from '../ask-before-switch.ts';
import type { SwitchPermission } from '../switch-permission.ts';
import { createUpdater, type Updater, type UpdaterDeps } from '../updater.ts';
import { memoryBlobs } from './memory-blobs.ts';
import { memoryServices } from './memory-services.ts';

export const DUCK = Parse(ComponentName, 'duck-policy');
const NOW = Date.UTC(2026, 10, 21, 9);

/** A folder of the robot's application, outside of the agent's own. */
export async function applicationFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'fairlead-application-'));
  onTestFinished(() => removeTree(folder));
  return folder;
}

export async function testRobot(bend: Partial<UpdaterDeps> = {}) {
  const root = await mkdtemp(join(tmpdir(), 'fairlead-robot-'));
  onTestFinished(() => removeTree(root));
  const layout = layoutOf(root);
  const services = memoryServices();
  const blobs = memoryBlobs();
  const reports: ReportEvent[] = [];
  /** Milliseconds on the robot's stopwatch: sleeping is what makes time pass. */
  const time = { elapsed: 0 };
  const health: { verdict: (version: string) => ProbeVerdict['verdict'] } = { verdict: () => 'healthy' };
  const permission: SwitchPermission & { answers: boolean[] } = {
    answers: [],
    ask: async () =>
      (permission.answers.shift() ?? true)
        ? { granted: true }
        : { granted: false, reason: NOT_NOW, askAgainInMs: 1000 },
  };
  /** What the control plane answers right before a switch; without an answer here it confirms. */
  const confirmation: SwitchConfirmation & { answers: (() => Promise<Confirmation>)[]; asked: number } = {
    answers: [],
    asked: 0,
    ask: async () => {
      confirmation.asked += 1;
      return (await confirmation.answers.shift()?.()) ?? { ok: true, value: undefined, heard: true };
    },
  };
  const outbox: Outbox = {
    append: (event) => reports.push(event),
    count: () => reports.length,
    hasEnded: (deployment) =>
      reports.some((report) => report.event === 'update-ended' && report.deployment === deployment),
  };
  const alarms = memoryAlarmRegister(outbox, () => NOW);
  const deps: UpdaterDeps = {
    root,
    clock: unevenClock(() => NOW + time.elapsed),
    elapsed: withFractions(() => time.elapsed),
    sleep: async (ms) => {
      time.elapsed += ms;
    },
    random: () => 0.5,
    journal: fileJournalStore(layout.journal, testClock(NOW)),
    services,
    blobs,
    permission,
    confirmation,
    prober: {
      probe: async (_check, { folder }) => ({
        verdict: health.verdict((await realpath(folder)).replace(/.*\/(.*)-.*/, '$1')),
        detail: 'as the test says',
      }),
    },
    outbox,
    alarms,
    own: notLaunched,
    pulse: { promise: () => {}, rest: () => {} },
    forbids: () => undefined,
    extractBundle,
    measureTree,
    runSmokeTests: async () => accept({ models: [], commands: [] }),
    ...bend,
  };
  let deployments = 0;
  const updater: Updater = createUpdater(deps);
  return {
    root,
    deps,
    layout,
    updater,
    services,
    blobs,
    reports,
    time,
    health,
    permission,
    confirmation,
    /** The same disk under a new agent, as after a restart. */
    restarted: (more: Partial<UpdaterDeps> = {}): Updater => createUpdater({ ...deps, ...more }),
    folder: () => openReleaseFolder(layout, DUCK, measureTree),
    /** A release on the server, and the order to run it. */
    release: async (
      version: string,
      sections: object = {},
      files: readonly SampleFile[] = filesOf(version),
    ): Promise<VerifiedOrder> => {
      const packed = await pack(files);
      const manifest = sampleManifest(files, {
        version,
        services: ['duck'],
        probation: { seconds: 10 },
        bundle: packed.manifest.bundle,
        ...sections,
      });
      const bytes = manifestBytes(manifest);
      blobs.blobs.set(manifest.bundle.sha256, await readFile(packed.bundle));
      deployments += 1;
      return {
        deployment: Parse(DeploymentId, `dep_${String(deployments).padStart(10, '0')}`),
        component: manifest.component,
        candidate: { ...identify(manifest, bytes), releaseCounter: deployments },
        manifest,
        manifestBytes: bytes,
      };
    },
    /** What the links say, as versions. */
    slots: async () => {
      const [state] = await updater.components();
      return { active: state?.active?.version, previous: state?.previous?.version, staged: state?.staged?.version };
    },
    /** The end of each deployment, in order: `succeeded`, or `rejected: hash`. */
    ends: () =>
      reports.flatMap((report) =>
        report.event === 'update-ended'
          ? [report.outcome + (report.refusal ? `: ${report.refusal.category}` : '')]
          : [],
      ),
    /** What a person was told to do about the updates that ended badly. */
    hints: () =>
      reports.flatMap((report) => (report.event === 'update-ended' && report.refusal ? [report.refusal.hint] : [])),
    alarms: () => reports.flatMap((report) => (report.event === 'alarm' ? [report.refusal.category] : [])),
    /** The categories of the alarms that are open now. */
    openAlarms: () => alarms.open().map(({ category }) => category),
  };
}
export type TestRobot = Awaited<ReturnType<typeof testRobot>>;

const filesOf = (version: string): SampleFile[] => [
  { path: 'policy.onnx', content: `weights of ${version} `.repeat(500) },
  { path: 'bin/duck', content: '#!/bin/sh\n', mode: 0o755 },
];

const NOT_NOW = {
  phase: 'wait',
  element: 'updateWindow',
  category: 'outside_window',
  detail: 'not now',
  retryable: true,
  hint: '',
} as const;
