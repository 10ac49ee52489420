/** A control plane in a namespace of its own, robots in theirs, and everything that can happen to the cable between. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { RobotId } from '@fairlead/shared/ids';
import { removeTree } from '@fairlead/toolkit/bundle/remove-tree';
import { expect, onTestFinished, test as plain } from 'vitest';
import { freePort } from '../../../scripts/local-fleet/free-port.ts';
import { addRobot, type LocalFleet, openFleet, publishRelease } from '../../../scripts/local-fleet/local-fleet.ts';
import { createProcesses } from '../../../scripts/local-fleet/processes.ts';
import type { LivingRobot } from '../../../scripts/local-fleet/robot-process.ts';
import { waitFor } from '../../../scripts/local-fleet/wait-for.ts';
import { builtAgent } from '../../faults/harness/built-agent.ts';
import { type Cable, type Cloud, openCloud } from '../../guest/harness/cloud.ts';
import { ask, must } from '../../guest/harness/host.ts';
import { closePremises } from '../../guest/harness/premises.ts';
import { deploy } from '../../system/harness/orders.ts';
import type { Lie } from './lying-server.ts';

process.env['NODE_COMPILE_CACHE'] ??= join(import.meta.dirname, '../../../node_modules/.cache/system-tests');

export const hasNamespaces = await tryThem();
if (!hasNamespaces) process.stdout.write('skipped: network namespaces need root, ip and nft\n');

async function tryThem(): Promise<boolean> {
  if (process.getuid?.() !== 0) return false;
  const answers = await Promise.all([ask('ip', 'netns', 'list'), ask('nft', '--version'), ask('tc', '-V')]);
  return answers.every(({ exitCode }) => exitCode === 0);
}

export interface NetworkedRobot extends LivingRobot {
  readonly cable: Cable;
  /** Rules of nftables around the robot, in the place of all before; none: the network is well. */
  rules(...lines: readonly string[]): Promise<void>;
  /** Bytes that came in since the robot was plugged in. */
  received(): Promise<number>;
}
export interface NetworkedFleet extends LocalFleet {
  readonly cloud: Cloud;
  readonly port: number;
  /** A robot that runs walking@1.0.0. */
  join(name: string, config?: Readonly<Record<string, unknown>>): Promise<NetworkedRobot>;
  /** From now on `lie` answers this robot; resolves to what was asked, and to the truth again. */
  lieTo(robot: NetworkedRobot, lie: Lie): Promise<Liar>;
}
export interface Asked {
  readonly at: number;
  readonly method: string;
  readonly path: string;
}
export interface Liar {
  asked(): Promise<readonly Asked[]>;
  silence(): Promise<void>;
}

export const test = plain.extend<{ fleet: NetworkedFleet }>({
  fleet: [
    async ({}, use) => {
      const folder = await mkdtemp(join(tmpdir(), 'fairlead-network-'));
      const cloud = await openCloud();
      const processes = createProcesses(join(folder, 'logs'), ['ip', 'netns', 'exec', cloud.namespace]);
      try {
        const [local, main] = await Promise.all([
          openFleet(folder, processes, { address: cloud.address }),
          builtAgent(),
        ]);
        await publishRelease(local, { version: '1.0.0', policy: { seed: 1 }, probationSec: 1 });
        await publishRelease(local, { version: '2.0.0', policy: { seed: 2 }, probationSec: 4 });
        const port = Number(new URL(local.controlPlane.url).port);
        const fleet: NetworkedFleet = Object.assign(local, {
          cloud,
          port,
          join: (name: string, config?: Readonly<Record<string, unknown>>) => join1(fleet, name, main, config),
          lieTo: (robot: NetworkedRobot, lie: Lie) => lieTo(fleet, robot, lie),
        });
        await use(fleet);
      } finally {
        await processes.stopAll();
        await cloud.close();
        await closePremises();
      }
      if (process.env['KEEP_FLEETS']) process.stdout.write(`kept: ${folder}\n`);
      else await removeTree(folder);
    },
    { scope: 'file' },
  ],
});

async function join1(
  fleet: NetworkedFleet,
  name: string,
  main: string,
  config: Readonly<Record<string, unknown>> = {},
): Promise<NetworkedRobot> {
  const cable = await fleet.cloud.plugIn(name);
  const conditions = { under: ['ip', 'netns', 'exec', cable.namespace] };
  const robot = await addRobot(fleet, { name, main, conditions, config });
  const inside = (...command: readonly string[]) => ask('ip', 'netns', 'exec', cable.namespace, ...command);
  const networked: NetworkedRobot = Object.assign(robot, {
    cable,
    start: () => robot.start(conditions),
    // Its application listens inside, where only its own can ask.
    health: async () => {
      const url = `http://127.0.0.1:${robot.env['ROBOT_PORT']}/health`;
      const { stdout } = await inside(
        process.execPath,
        '-e',
        `fetch('${url}').then(async r => console.log(await r.text()))`,
      );
      return stdout.startsWith('{') ? JSON.parse(stdout) : undefined;
    },
    rules: (...lines: readonly string[]) => setRules(cable.namespace, 'robot', lines),
    received: async () => {
      const [link] = JSON.parse(await must('ip', '-n', cable.namespace, '-j', '-s', 'link', 'show', 'eth0'));
      return Number(link.stats64.rx.bytes);
    },
  });
  await untilSeen(fleet, networked);
  expect((await deploy(fleet, networked, 'walking@1.0.0')).view.state).toBe('succeeded');
  return networked;
}

/** Replaces a table of nftables in a namespace. */
async function setRules(namespace: string, table: string, lines: readonly string[]): Promise<void> {
  const nft = spawn('ip', ['netns', 'exec', namespace, 'nft', '-f', '-'], { stdio: ['pipe', 'ignore', 'inherit'] });
  nft.stdin.end(`table ip ${table} {}\ndelete table ip ${table}\ntable ip ${table} {\n${lines.join('\n')}\n}\n`);
  const [code] = await once(nft, 'exit');
  if (code !== 0) throw new Error(`nft refused:\n${lines.join('\n')}`);
}

const chain = (hook: 'input' | 'output', rule: string): string =>
  `chain ${hook} { type filter hook ${hook} priority 0; ${rule}; }`;
/** Nothing comes and nothing goes, and nobody is told. */
export const BLACK_HOLE = ['input', 'output'].map((hook) =>
  chain(hook as 'input', 'oifname != "lo" drop').replace('oifname', hook === 'input' ? 'iifname' : 'oifname'),
);
/** Of a hundred packets in each direction so many are lost. */
export const lossy = (percent: number): string[] => [
  chain('input', `iifname != "lo" numgen random mod 100 < ${percent} drop`),
  chain('output', `oifname != "lo" numgen random mod 100 < ${percent} drop`),
];

/** Each connection of the robot is reset once the server has sent so many bytes over it. */
export async function resetAfter(fleet: NetworkedFleet, bytes: number): Promise<void> {
  const { namespace } = fleet.cloud;
  await must('ip', 'netns', 'exec', namespace, 'sysctl', '-qw', 'net.netfilter.nf_conntrack_acct=1');
  const rule = `tcp dport ${fleet.port} ct reply bytes > ${bytes} reject with tcp reset`;
  await setRules(namespace, 'resets', bytes === 0 ? [] : [chain('input', rule)]);
}

/** Both directions of the cable at so many kbit/s; 0: as fast as it goes. */
export async function slowDown({ cloud }: NetworkedFleet, { cable }: NetworkedRobot, kbit: number): Promise<void> {
  for (const [namespace, device] of [
    [cloud.namespace, cable.plug],
    [cable.namespace, 'eth0'],
  ] as const) {
    const how = kbit === 0 ? ['del'] : ['replace'];
    const rate = kbit === 0 ? [] : ['tbf', 'rate', `${kbit}kbit`, 'burst', '3k', 'limit', '24k'];
    await must('tc', '-n', namespace, 'qdisc', ...how, 'dev', device, 'root', ...rate);
  }
}

async function lieTo(fleet: NetworkedFleet, robot: NetworkedRobot, lie: Lie): Promise<Liar> {
  const { cloud, processes, folder } = fleet;
  const port = await freePort();
  const log = join(folder, `lies-to-${robot.name}-${port}`);
  await writeFile(log, '');
  await writeFile(`${log}.mode`, lie);
  const liar = processes.start('liar', [
    join(import.meta.dirname, 'lying-server.ts'),
    cloud.address,
    String(port),
    log,
  ]);
  onTestFinished(() => liar.stop());
  await waitFor('the liar to listen', async () => {
    const { stdout } = await ask('ip', 'netns', 'exec', cloud.namespace, 'ss', '-Hltn', 'sport', '=', `:${port}`);
    return stdout.includes(`${port}`) || undefined;
  });
  const table = `lies_${robot.cable.plug}`;
  const rule = `ip saddr ${robot.cable.address} tcp dport ${fleet.port} redirect to :${port}`;
  await setRules(cloud.namespace, table, [`chain pre { type nat hook prerouting priority dstnat; ${rule}; }`]);
  await hangUp(fleet, robot);
  return {
    asked: async () =>
      (await readFile(log, 'utf8'))
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => JSON.parse(line)),
    silence: async () => {
      await setRules(cloud.namespace, table, []);
      await liar.stop();
    },
  };
}

/** Open connections end; the next ones go where the rules lead. */
export const hangUp = (fleet: NetworkedFleet, { cable }: NetworkedRobot) =>
  must('ip', 'netns', 'exec', cable.namespace, 'ss', '-K', 'dst', fleet.cloud.address, 'dport', '=', `:${fleet.port}`);

export const untilSeen = (
  fleet: LocalFleet,
  { name }: { readonly name: string },
  since = Date.now(),
  timeoutMs = 60_000,
) =>
  waitFor(
    `${name} to be seen again`,
    async () => {
      const { items } = await fleet.api.listRobots();
      const found = items.find((it) => it.robot === (name as RobotId));
      return found?.lastSeen !== undefined && Date.parse(found.lastSeen) > since ? found : undefined;
    },
    { timeoutMs, everyMs: 250 },
  );

/** Prints when a robot asked, as a person would want to see it. */
export function sayTimeLine(title: string, asked: readonly Asked[]): void {
  const [first] = asked;
  const start = first?.at ?? 0;
  const line = asked.map(({ at, path }) => `${((at - start) / 1000).toFixed(1)}s ${kindOf(path)}`).join(', ');
  process.stdout.write(`${title}: ${asked.length} requests: ${line}\n`);
}
const kindOf = (path: string): string =>
  path.replace(/^\/api\/v1\/robots\/[^/]+\//, '').replace(/(\/[0-9a-f]{8})[0-9a-f]+/, '$1…');

/** Seconds between one request of a kind and the next. */
export function gapsOf(asked: readonly Asked[], kind: RegExp): number[] {
  const times = asked.filter(({ path }) => kind.test(path)).map(({ at }) => at);
  return times.slice(1).map((at, index) => (at - (times[index] ?? at)) / 1000);
}
