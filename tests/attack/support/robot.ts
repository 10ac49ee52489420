/** A robot's trust store over a hostile server, with its root pinned from the install medium. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DAY } from '@fairlead/shared/time';
import type { TargetName } from '@fairlead/shared/trust/names';
import { openTufTrustStore, type TufTrustStore } from '@fairlead/toolkit/trust/tuf-trust-store';
import { onTestFinished } from 'vitest';
import { type FleetRepository, NOW } from './fleet-repository.ts';
import { type HostileServer, serve } from './hostile-server.ts';

export interface Robot {
  readonly store: TufTrustStore;
  readonly server: HostileServer;
  readonly file: string;
  /** The store as it is after a restart of the agent. */
  restart(): TufTrustStore;
}

/** A production robot that has never refreshed. */
export async function makeRobot(
  repository: FleetRepository,
  { root = repository.head.root, builtAt = NOW - DAY } = {},
): Promise<Robot> {
  const server = await serve(repository.files);
  const folder = mkdtempSync(join(tmpdir(), 'fairlead-attack-'));
  const file = join(folder, 'trust.db');
  const open = () => openTufTrustStore({ file, baseUrl: server.url, environment: 'production', builtAt });
  let store = open();
  onTestFinished(() => {
    store.close();
    rmSync(folder, { recursive: true, force: true });
  });
  const pinned = await store.pinRoot(Buffer.from(root));
  if (!pinned.ok) throw new TypeError(`the root was not pinned: ${pinned.refused.detail}`);
  return {
    get store() {
      return store;
    },
    server,
    file,
    restart: () => {
      store.close();
      store = open();
      return store;
    },
  };
}

/** A robot that has refreshed once, without trouble. */
export async function makeHappyRobot(repository: FleetRepository): Promise<Robot> {
  const robot = await makeRobot(repository);
  const refreshed = await robot.store.refresh(NOW);
  if (!refreshed.ok) throw new TypeError(`the first refresh was refused: ${refreshed.refused.detail}`);
  return robot;
}

/** The stable code of a refusal, or 'accepted'. */
export const codeOf = (result: { ok: true } | { ok: false; refused: { code: string } }): string =>
  result.ok ? 'accepted' : result.refused.code;

export const refreshCode = async (robot: Robot, now = NOW): Promise<string> => codeOf(await robot.store.refresh(now));

/** Names that the product itself could never make. */
export const odd = (name: string): TargetName => name as TargetName;
