/** A production robot that gets assignments: what the director says, what is published, what the robot makes of it. */

import { createAgentClock } from '@fairlead/agent/clock/agent-clock';
import type { Facts } from '@fairlead/agent/inventory/facts';
import { openAnswer } from '@fairlead/agent/poll/open-answer';
import type { VerifiedOrder } from '@fairlead/agent/poll/verified-order';
import { verifyOrder } from '@fairlead/agent/poll/verify-order';
import type { Refusal, Result } from '@fairlead/shared/failure';
import type { Inventory, Vitals } from '@fairlead/shared/fleet/robot-facts';
import type { ComponentName, DeploymentId, EnvironmentName, RobotId, Version } from '@fairlead/shared/ids';
import type { Manifest, ReleaseFile } from '@fairlead/shared/release/manifest';
import { manifestBytes } from '@fairlead/shared/release/parse-manifest';
import { MINUTE, toTimestamp } from '@fairlead/shared/time';
import type { Assignment, ComponentOrder, Envelope } from '@fairlead/shared/trust/assignment';
import { canonicalJson } from '@fairlead/shared/trust/canonical-json';
import { sha256Hex } from '@fairlead/shared/trust/digest';
import { policyTarget } from '@fairlead/shared/trust/names';
import { releaseEntry } from '@fairlead/shared/trust/release-entry';
import type { RunningRelease } from '@fairlead/shared/trust/report';
import { emptyPolicy, makeRoleUpdate } from '@fairlead/shared/trust/repository';
import { signAssignment } from '@fairlead/shared/trust/sign-assignment';
import type { EnvironmentPolicy } from '@fairlead/shared/trust/targets';
import { type FleetRepository, hashedPath, makeFleetRepository, NOW, replaceRole } from './fleet-repository.ts';
import { makeRobot, type Robot } from './robot.ts';

export const ME = 'duck-1' as RobotId;
export const COMPONENT = 'duck-policy' as ComponentName;
export const NONCE = '0123456789abcdef0123456789abcdef';
const SHA = sha256Hex('x');

/** A small release; `changes` make it another one. */
export const manifestOf = (version: string, changes: Partial<Manifest> = {}): Manifest => ({
  schema: 'fairlead.release.v1',
  component: COMPONENT,
  version: version as Version,
  files: [{ path: 'policy.bin' as ReleaseFile['path'], mode: 0o644, size: 1, sha256: SHA }],
  models: [],
  bundle: { format: 'tar+zstd', size: 100, sha256: SHA },
  ...changes,
});

export interface OrderedRobot {
  readonly repository: FleetRepository;
  readonly robot: Robot;
  /** Signs and publishes a release and answers the order for it. */
  publish(manifest: Manifest, counter: number, environment?: EnvironmentName): ComponentOrder;
  publishPolicy(change: Partial<EnvironmentPolicy>): void;
  runs(release: Partial<RunningRelease>): void;
  /** Its disk lost the manifest and the mark of what runs. */
  runsSomethingUnidentified(): void;
  /** Its disk answers this where it is asked what runs. */
  diskFails(error: Error | undefined): void;
  assign(orders: readonly ComponentOrder[], change?: Partial<Assignment>): Envelope;
  /** Opens an answer at the check-in and answers its code; 'accepted' where it is obeyed. */
  hear(envelope: Envelope, nonce?: string): Promise<string>;
  /** What the robot makes of one order. */
  verify(order: ComponentOrder): Promise<Result<VerifiedOrder>>;
}

export const categoryOf = (result: Result<unknown, Refusal>): string =>
  result.ok ? 'accepted' : result.refused.category;

export async function makeOrderedRobot(): Promise<OrderedRobot> {
  const repository = makeFleetRepository();
  const robot = await makeRobot(repository);
  const clock = createAgentClock({ floor: robot.store, wall: () => NOW, monotonic: () => 0 });
  const identity = { robot: ME, environment: 'production' } as const;
  let active: RunningRelease | undefined;
  let isUnidentified = false;
  let diskError: Error | undefined;
  const facts: Facts = { inventory: async () => INVENTORY, vitals: async () => VITALS };

  const set = (role: EnvironmentName, name: string, text: string, custom?: unknown): void => {
    const order = { role, current: repository.head.roles[role], signers: repository.signers[role], now: NOW };
    replaceRole(repository, role, makeRoleUpdate({ ...order, set: [{ name, text, custom }] }).metadata);
    repository.files.set(hashedPath(name, text), text);
  };
  return {
    repository,
    robot,
    publish(manifest, releaseCounter, environment = 'production') {
      const { name, custom } = releaseEntry({ manifest, environment, releaseCounter });
      const text = Buffer.from(manifestBytes(manifest)).toString('utf8');
      set(environment, name, text, custom);
      return {
        component: manifest.component,
        deployment: 'dep_0000000001' as DeploymentId,
        target: { path: name, version: manifest.version, sha256: sha256Hex(text), length: Buffer.byteLength(text) },
      };
    },
    publishPolicy(change) {
      const text = canonicalJson({ ...emptyPolicy('production'), version: 2, ...change });
      set('production', policyTarget('production'), text);
    },
    diskFails: (error) => {
      diskError = error;
    },
    runsSomethingUnidentified: () => {
      isUnidentified = true;
    },
    runs: (release) => {
      active = { version: '1.0.0' as Version, manifestSha256: SHA, ...release };
    },
    assign: (components, change = {}) =>
      signAssignment(
        {
          schema: 'fairlead.assignment.v1',
          robot: ME,
          environment: 'production',
          seq: 1,
          issuedAt: toTimestamp(NOW),
          expiresAt: toTimestamp(NOW + 10 * MINUTE),
          nonce: NONCE,
          components: [...components],
          minTimestampVersion: 1,
          minSnapshotVersion: 1,
          ...change,
        },
        repository.online.director,
      ),
    async hear(envelope, nonce = NONCE) {
      const answer = { envelope, nonce, askedAt: 0, answeredAt: 0 };
      const opened = await openAnswer(answer, { identity, trust: robot.store, clock, onSkew: () => undefined });
      return opened.ok ? (opened.value.behind?.category ?? 'accepted') : opened.refused.category;
    },
    verify: (order) =>
      verifyOrder(order, {
        environment: 'production',
        trust: robot.store,
        clock,
        facts,
        components: async () => [{ component: COMPONENT, ...(active && { active }) }],
        active: async () => {
          if (diskError) throw diskError;
          return isUnidentified ? 'unidentified' : active;
        },
      }),
  };
}

const INVENTORY: Inventory = {
  hostname: 'duck-1',
  arch: 'arm64',
  board: 'jetson-orin-nano',
  jetpack: '6.2',
  os: 'Ubuntu 22.04',
  kernel: '5.15',
  cpu: 'ARM Cortex-A78AE',
  cores: 6,
  memoryMb: 8192,
  diskMb: 64_000,
  agentVersion: '0.1.0',
  nodeVersion: 'v24.21.0',
};
const VITALS: Vitals = { uptimeSec: 100, cpuLoad: 0.1, memoryFreeMb: 4096, diskFreeMb: 32_000, agentRssMb: 60 };
