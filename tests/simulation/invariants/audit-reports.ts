/** Looks into the server's database, beside the server, and compares it with what the robots know of themselves. */
import type { VirtualRobot } from '../robot/robot-handle.ts';
import type { Server } from '../world/server.ts';
import type { Checks } from './checks.ts';

/** Every report that a robot signed is there once, in order; what is not there yet is still on the robot. */
export async function auditReports(
  server: Pick<Server, 'read'>,
  robot: VirtualRobot,
  checks: Checks,
  everything: boolean,
): Promise<void> {
  const { disk, traits } = robot;
  const rows = await server.read((database) =>
    database
      .selectFrom('reports')
      .select(['seq', 'sha256'])
      .where('keyid', '=', traits.signer.keyid)
      .orderBy('seq')
      .execute(),
  );
  const says = (what: string) => () =>
    `${traits.name}: ${what}; it signed ${disk.signed.length}, ${disk.acknowledged.seq} were acknowledged, ${rows.length} are stored`;
  const inOrder = rows.every((row, index) => Number(row.seq) === index + 1 && row.sha256 === disk.signed[index]);
  checks.expect('nothing-lost', inOrder, says('the stored chain is not the signed one'), traits.name);
  const kept = rows.length >= disk.acknowledged.seq;
  checks.expect('nothing-lost', kept, says('what was acknowledged is not stored'), traits.name);
  if (!everything) return;
  const all = rows.length === disk.signed.length && disk.queue.length === 0 && disk.flight.length === 0;
  checks.expect('nothing-lost', all, says('not everything has arrived'), traits.name);
}

/** How a deployment ended is what the robot says, for every one that it ended. */
export async function auditVerdicts(server: Pick<Server, 'read'>, robot: VirtualRobot, checks: Checks): Promise<void> {
  const { disk, traits } = robot;
  // It was decommissioned while its network was gone: what it still keeps to itself the server never learns.
  if (!robot.isUp() && (disk.queue.length > 0 || disk.flight.length > 0)) return;
  const rows = await server.read((database) =>
    database.selectFrom('deployments').select(['deployment', 'state']).where('robot', '=', traits.name).execute(),
  );
  const told = new Map(rows.map((row) => [row.deployment, row.state]));
  for (const [deployment, outcome] of disk.outcomes) {
    const state = told.get(deployment);
    const says = () => `${traits.name} ended ${deployment} as ${outcome}, the server says ${state}`;
    // What was called off, the server had given up before, in its own words.
    // What was committed may be degraded since.
    const agrees =
      state === outcome ||
      (outcome === 'cancelled' && CALLED_OFF.has(state ?? '')) ||
      (outcome === 'succeeded' && state === 'degraded');
    checks.expect('verdicts-agree', agrees, says, traits.name);
  }
}

const CALLED_OFF = new Set(['timed-out', 'quarantined']);

/** No update is left half done, and what runs was committed. */
export function auditRest({ disk, traits }: VirtualRobot, checks: Checks): void {
  const { journal, active, committed } = disk;
  const says = () =>
    `${traits.name} runs ${active?.version}, committed is ${committed?.version}, its journal is at ${journal?.step ?? 'nothing'}`;
  const settled = journal === undefined && active !== undefined && active.manifestSha256 === committed?.manifestSha256;
  checks.expect('fleet-settles', settled, says, traits.name);
}
