/**
 * A guest that is a robot: the agent under its unit, and an application that is a unit of the guest, started with the
 * machine from whatever release is active.
 */
import { join } from 'node:path';
import type { RobotId } from '@fairlead/shared/ids';
import { parse } from '@fairlead/shared/parse';
import { Type } from 'typebox';
import type { LocalFleet } from '../../../scripts/local-fleet/local-fleet.ts';
import { askHealth, type Health } from '../../../scripts/local-fleet/robot-process.ts';
import { waitFor } from '../../../scripts/local-fleet/wait-for.ts';
import { PACKAGED_VERSION, packagedAgent } from './built-agent.ts';
import type { Guest } from './guest.ts';

const PORT = 9208;
const PACKAGES = '/mnt';
export const UNIT = 'fairlead-agent';
export const APPLICATION = 'walking';

/** Node as the machine's own, for the application; the agent brings its own. */
export const NODE = [process.execPath, '/usr/local/bin/node'] as const;

const APPLICATION_UNIT = `[Unit]
Description=The application of this robot
ConditionPathExists=/var/lib/fairlead/components/walking/active

[Service]
DynamicUser=yes
ExecStart=/usr/local/bin/node /var/lib/fairlead/components/walking/active/app.mjs
Environment=ROBOT_PORT=${PORT} ROBOT_ADDRESS=0.0.0.0
Restart=always
RestartSec=100ms

[Install]
WantedBy=multi-user.target
`;

/** What a release for such a robot is watched by. */
export const UNIT_CHECKS = [
  { http: { url: `http://127.0.0.1:${PORT}/health`, intervalSec: 1, attempts: 5, timeoutSec: 2 } },
  { systemd: { unit: APPLICATION, maxRestarts: 1 } },
];

export interface GuestRobot {
  readonly guest: Guest;
  /** Asks the application over the network; undefined where it does not answer. */
  health(): Promise<Health | undefined>;
  /** Waits until the application answers, as whatever release. */
  untilWell(): Promise<Health>;
  /** Waits until the application answers as `release`. */
  untilRunning(release: string): Promise<Health>;
  /** `fairlead-agent verify`, as a person runs it: whether what is active is what was signed. */
  verify(): Promise<readonly Verdict[]>;
}

const Verdict = Type.Object({ component: Type.String(), version: Type.String(), intact: Type.Boolean() });
type Verdict = Type.Static<typeof Verdict>;

export function robotIn(guest: Guest): GuestRobot {
  const health = () => askHealth(`http://${guest.address}:${PORT}`);
  return {
    guest,
    health,
    untilWell: () => waitFor(`${guest.name} to work`, health, { everyMs: 50 }),
    untilRunning: (release) =>
      waitFor(`${guest.name} to run ${release}`, async () => {
        const answer = await health();
        return answer?.release === release ? answer : undefined;
      }),
    async verify() {
      const said = parse(Type.Array(Verdict), JSON.parse(await guest.must('fairlead-agent', 'verify', '--json')));
      if (!said.ok) throw new Error(`fairlead-agent verify said ${JSON.stringify(said.refused)}`);
      return said.value;
    },
  };
}

/** The application's unit, before the first boot. */
export async function addApplication(guest: Guest): Promise<void> {
  await guest.write(`/etc/systemd/system/${APPLICATION}.service`, APPLICATION_UNIT);
}

/** What a guest must be lent so that the agent can be installed in it. */
export async function lentAgent(...versions: readonly string[]): Promise<readonly (readonly [string, string])[]> {
  const wanted = await Promise.all([PACKAGED_VERSION, ...versions].map((version) => packagedAgent(version)));
  return [NODE, ...wanted.map(({ packages, deb }) => [join(packages, deb), `${PACKAGES}/${deb}`] as const)];
}

/** The package on this machine. */
export async function packageFile(version = PACKAGED_VERSION): Promise<string> {
  const { packages, deb } = await packagedAgent(version);
  return join(packages, deb);
}

/** `dpkg -i`, in a guest that runs; what it said. */
export async function install(guest: Guest, version = PACKAGED_VERSION): Promise<string> {
  return guest.must('dpkg', '--install', `${PACKAGES}/${(await packagedAgent(version)).deb}`);
}

/** From an installed package to an agent at work, by the steps that the package tells. */
export async function bringUp(guest: Guest, fleet: LocalFleet): Promise<GuestRobot> {
  const { token } = await fleet.api.createEnrolmentToken({ body: { environment: 'production' } });
  const trust = ['--environment', 'production', '--root-sha256', fleet.rootSha256];
  await guest.must('fairlead-agent', 'enroll', '--server', fleet.controlPlane.url, ...trust, '--token', token);
  await guest.write('/etc/fairlead/services.allow', `${APPLICATION}.service\n`);
  await guest.must('systemctl', 'enable', '--now', APPLICATION);
  await guest.must('systemctl', 'start', UNIT);
  await untilOnline(fleet, guest.name);
  return robotIn(guest);
}

export async function untilOnline(fleet: LocalFleet, robot: string): Promise<void> {
  await waitFor(`${robot} to be online`, async () => {
    const { items } = await fleet.api.listRobots();
    return items.find((it) => it.robot === (robot as RobotId) && it.presence === 'online');
  });
}
