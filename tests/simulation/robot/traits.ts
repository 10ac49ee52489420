/** What makes one robot of the fleet unlike another, all of it from the seed. */

import type { Inventory, Labels } from '@fairlead/shared/fleet/robot-facts';
import type { RobotId } from '@fairlead/shared/ids';
import type { Signer } from '@fairlead/shared/trust/ed25519';
import { nativeSigner } from '@fairlead/shared/trust/native-signer';
import type { UpdateWindow } from '@fairlead/shared/update/update-window';
import { type Chance, chanceOf } from '../world/chance.ts';
import type { FaultProfile } from '../world/faults.ts';

export const BOARDS = ['jetson-orin-nano', 'jetson-orin-nx', 'jetson-agx-orin'] as const;
export const SITES = ['oslo', 'porto', 'turin', 'vienna'] as const;

export interface Traits {
  readonly name: RobotId;
  readonly signer: Signer;
  readonly chance: Chance;
  readonly group: string;
  readonly labels: Labels;
  readonly inventory: Inventory;
  /** The address the server sees. */
  readonly from: string;
  /** How far its system clock is off. */
  readonly skewMs: number;
  /** Of agent.yaml. */
  readonly window?: UpdateWindow;
}

export function traitsOf(seed: number, index: number, faults: FaultProfile): Traits {
  const chance = chanceOf(seed, 'robot', index);
  const board = chance.oneOf(BOARDS);
  const name = `robot-${String(index).padStart(5, '0')}` as RobotId;
  const skewed = chance.happens(faults.skewed);
  return {
    name,
    signer: nativeSigner(chance.bytes(32)),
    chance,
    group: index % 3 === 0 ? 'dock' : 'warehouse',
    labels: { site: chance.oneOf(SITES) },
    inventory: {
      hostname: name,
      arch: 'arm64',
      board,
      os: 'Ubuntu 22.04',
      kernel: '5.15',
      cpu: 'Cortex-A78AE',
      cores: 6,
      memoryMb: 7620,
      diskMb: 64_000,
      agentVersion: '0.1.0',
      nodeVersion: '24.21.0',
    },
    from: `10.${(index >> 16) & 255}.${(index >> 8) & 255}.${index & 255}`,
    skewMs: skewed ? chance.between(-1, 1) * faults.skewMost : 0,
    ...(chance.happens(faults.windowed) && { window: { from: '07:00', to: '15:00', zone: 'UTC' } }),
  };
}
