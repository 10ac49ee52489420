/** A fleet as rows: robots with keys, inventory and one order each, written through the store the control plane reads. */
import { createHash } from 'node:crypto';
import type { Slices, Store } from '@fairlead/control-plane/store/store';
import type { Inventory } from '@fairlead/shared/fleet/robot-facts';
import type { ComponentName, DeploymentId, RobotId, Version } from '@fairlead/shared/ids';
import type { Instant } from '@fairlead/shared/time';
import { sha256Hex } from '@fairlead/shared/trust/digest';
import type { Signer } from '@fairlead/shared/trust/ed25519';
import { releaseTarget } from '@fairlead/shared/trust/names';
import { nativeSigner } from '@fairlead/shared/trust/native-signer';

export interface BenchRobot {
  readonly name: RobotId;
  readonly signer: Signer;
  /** What it was ordered, as a row that is offered. */
  readonly deployment: DeploymentId;
}
export const COMPONENT = 'walking' as ComponentName;
export const VERSION = '1.0.0' as Version;
export const MANIFEST = sha256Hex('the manifest that every robot runs');
const ROWS_PER_TRANSACTION = 1000;

/** The robots `from` to `to`; the same number is the same robot with the same key, whoever asks. */
export const benchRobots = (from: number, to: number): BenchRobot[] =>
  Array.from({ length: to - from }, (_, at) => benchRobot(from + at));

function benchRobot(number: number): BenchRobot {
  const digits = String(number).padStart(6, '0');
  return {
    name: `robot-${digits}` as RobotId,
    signer: nativeSigner(createHash('sha256').update(`bench ${digits}`).digest()),
    deployment: `dep_00000000${digits}` as DeploymentId,
  };
}

/** Accepted robots in ten groups that have all been offered the same release. */
export async function seedRobots(store: Store, robots: readonly BenchRobot[], now: Instant): Promise<void> {
  for (let at = 0; at < robots.length; at += ROWS_PER_TRANSACTION) {
    const some = robots.slice(at, at + ROWS_PER_TRANSACTION);
    await store.transaction(async (slices) => {
      for (const robot of some) await seedRobot(slices, robot, now);
    });
  }
}

async function seedRobot(slices: Slices, robot: BenchRobot, now: Instant): Promise<void> {
  const { name, signer, deployment } = robot;
  const target = releaseTarget('production', { component: COMPONENT, version: VERSION });
  const group = `site-${Number(name.slice(-1))}`;
  const { keyid, publicKey } = signer;
  const environment = 'production';
  await slices.robots.save({
    robot: name,
    lifecycle: 'accepted',
    environment,
    group,
    labels: { model: 'duck-mk2', floor: name.slice(-2) },
    keyid,
    enrolledAt: now,
  });
  await slices.robots.insertKey({ keyid, robot: name, publicKey, addedAt: now });
  await slices.presence.saveAll([{ robot: name, facts: { inventory: inventoryOf(name) } }]);
  const order = { robot: name, environment, component: COMPONENT, version: VERSION, target, kind: 'deploy' } as const;
  const release = { manifestSha256: MANIFEST, manifestLength: 2000, allowDowngrade: false };
  const made = { createdAt: now, createdBy: 'bench', state: 'offered' } as const;
  await slices.deployments.save(
    { deployment, ...order, ...release, ...made },
    { at: now, state: 'offered', by: 'bench' },
  );
  await slices.desired.raise(name);
  await slices.desired.set(name, COMPONENT, deployment);
}

/** As a Jetson says it; `hostname` differs from robot to robot, all else is the same model. */
export const inventoryOf = (hostname: string): Inventory => ({
  hostname,
  arch: 'arm64',
  board: 'NVIDIA Jetson Orin Nano Developer Kit',
  jetpack: '6.2',
  os: 'Ubuntu 22.04.5 LTS',
  kernel: '5.15.148-tegra',
  cpu: 'ARMv8 Processor rev 1 (v8l)',
  cores: 6,
  memoryMb: 7620,
  diskMb: 238_000,
  agentVersion: '0.1.0',
  nodeVersion: '24.21.0',
});
