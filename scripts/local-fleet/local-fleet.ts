/** A whole small fleet on this machine: a control plane with its trust set up, and robots that join it. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Client, createClient } from '@fairlead/shared/api/client';
import { operatorApi } from '@fairlead/shared/api/operator-api';
import { publishApi } from '@fairlead/shared/api/publish-api';
import type { Settings } from '@fairlead/shared/fleet/settings';
import type { EnvironmentName } from '@fairlead/shared/ids';
import { undiciTransport } from '@fairlead/toolkit/http/undici-transport';
import { type ControlPlane, makeControlPlane } from './control-plane-process.ts';
import { type Fairlead, fairleadIn, succeed } from './fairlead.ts';
import type { Processes, Running } from './processes.ts';
import { type Conditions, type LivingRobot, makeRobot, type RobotPlan } from './robot-process.ts';
import { type ReleasePlan, writeRelease } from './write-release.ts';

/** Everything faster than a real fleet would want it. */
const QUICK: Settings = {
  checkInIntervalSec: 1,
  checkInJitterSec: 0,
  longPollSec: 5,
  lateAfterSec: 15,
  offlineAfterSec: 60,
};

export interface LocalFleet {
  readonly folder: string;
  readonly processes: Processes;
  readonly controlPlane: ControlPlane;
  /** The control plane's process since the last start. */
  server: Running;
  /** The operator's command line, logged in as admin. */
  readonly fairlead: Fairlead;
  readonly home: string;
  readonly passphraseFile: string;
  /** The same as the operator sees it, without the command line between. */
  readonly api: Client<typeof operatorApi>;
  readonly rootSha256: string;
}

export interface FleetOptions {
  /** Hears every command line before it runs. */
  readonly tell?: (args: readonly string[]) => void;
  /** Other host:port names under which robots reach the control plane. */
  readonly authorities?: readonly string[];
  /** Where the control plane listens. Default 127.0.0.1. */
  readonly address?: string;
  /** More arguments of the control plane. */
  readonly args?: readonly string[];
}

/** Control plane, login, trust, settings. Whoever made `processes` ends them, also when this fails half-way. */
export async function openFleet(
  folder: string,
  processes: Processes,
  { tell, authorities = [], address, args = [] }: FleetOptions = {},
): Promise<LocalFleet> {
  const controlPlane = await makeControlPlane(processes, folder, authorities, { address, args });
  const server = await controlPlane.start();
  const home = join(folder, 'operator');
  const run = fairleadIn(home);
  const fairlead: Fairlead = (...args) => {
    tell?.(args);
    return run(...args);
  };
  const passphraseFile = join(folder, 'passphrase');
  await writeFile(passphraseFile, `${crypto.randomUUID()}\n`, { mode: 0o600 });
  await succeed(fairlead, 'login', '--server', controlPlane.url, '--password-file', controlPlane.passwordFile);
  await succeed(fairlead, 'trust', 'init', '--passphrase-file', passphraseFile);
  const settings = Object.entries(QUICK).map(([key, value]) => `${key}=${value}`);
  await succeed(fairlead, 'config', 'set', ...settings);
  const api = await clientOf(controlPlane);
  // Stories of bad releases fail more often on one robot than a real one is given.
  await api.changeLimits({ body: { quarantineAfter: 100 } });
  const rootSha256 = await rootOf(controlPlane);
  return { folder, processes, controlPlane, server, fairlead, home, passphraseFile, api, rootSha256 };
}

/** What an operator sees of a control plane. */
export async function clientOf({ url, passwordFile }: ControlPlane): Promise<LocalFleet['api']> {
  const transport = undiciTransport({});
  const anybody = createClient(operatorApi, { baseUrl: url, transport });
  const password = (await readFile(passwordFile, 'utf8')).trim();
  const { token } = await anybody.login({ body: { name: 'admin', password } });
  const authorise = () => ({ authorization: `Bearer ${token}` });
  return createClient(operatorApi, { baseUrl: url, transport, authorise });
}

async function rootOf({ url }: ControlPlane): Promise<string> {
  const { rootSha256 } = await createClient(publishApi, { baseUrl: url, transport: undiciTransport({}) }).trustState();
  if (rootSha256 === undefined) throw new Error('The control plane has no trust root after trust init.');
  return rootSha256;
}

export interface NewRobot extends Pick<RobotPlan, 'main' | 'config'> {
  readonly name: string;
  readonly group?: string;
  readonly environment?: EnvironmentName;
  /** false: it introduces itself and waits as pending. Default true. */
  readonly token?: boolean;
  /** What the robot believes to be the control plane, where a test stands in between. */
  readonly server?: string;
  readonly conditions?: Conditions;
}

/** Makes a one-time token where wanted, writes the robot's folder and starts its agent. */
export async function addRobot(fleet: LocalFleet, robot: NewRobot): Promise<LivingRobot> {
  const { name, group, environment = 'production' } = robot;
  const token =
    robot.token === false
      ? undefined
      : (await fleet.api.createEnrolmentToken({ body: { environment, ...(group !== undefined && { group }) } })).token;
  const made = await makeRobot(fleet.processes, join(fleet.folder, 'robots'), {
    name,
    environment,
    server: robot.server ?? fleet.controlPlane.url,
    rootSha256: fleet.rootSha256,
    ...(group !== undefined && { group }),
    ...(token !== undefined && { token }),
    ...(robot.main !== undefined && { main: robot.main }),
    ...(robot.config && { config: robot.config }),
  });
  return { ...made, agent: made.start(robot.conditions) };
}

/** Builds a release and publishes it to production; resolves with the `.fairlead` file. */
export async function publishRelease(
  fleet: LocalFleet,
  plan: ReleasePlan,
  build: readonly string[] = [],
): Promise<string> {
  const folder = await writeRelease(join(fleet.folder, 'releases'), plan);
  const file = `${folder}.fairlead`;
  await succeed(fleet.fairlead, 'release', 'build', folder, '--output', file, ...build);
  const passphrase = ['--passphrase-file', fleet.passphraseFile, '--yes'];
  await succeed(fleet.fairlead, 'release', 'publish', file, '--env', 'production', ...passphrase);
  return file;
}
