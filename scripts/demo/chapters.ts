/** The demo's story, one function per chapter. Each asserts what it tells, from the API and from the robots themselves. */
import assert from 'node:assert/strict';
import { basename } from 'node:path';
import type { DeploymentState } from '@fairlead/shared/fleet/states';
import { order, untilEnded } from '../local-fleet/deploy.ts';
import { addRobot, type LocalFleet, publishRelease } from '../local-fleet/local-fleet.ts';
import type { Robot } from '../local-fleet/robot-process.ts';
import { waitFor } from '../local-fleet/wait-for.ts';
import { COMPONENT, type ReleasePlan, writeRelease } from '../local-fleet/write-release.ts';
import type { Narrator } from './narrator.ts';

export interface Stage {
  readonly fleet: LocalFleet;
  readonly robots: readonly Robot[];
  readonly narrator: Narrator;
}

/** Two robots come with one-time tokens; the third just appears, and a person lets it in. */
export async function robotsJoin(fleet: LocalFleet, narrator: Narrator): Promise<Stage> {
  narrator.chapter('Three robots join');
  const robots = [
    await addRobot(fleet, { name: 'duck-1', group: 'pond' }),
    await addRobot(fleet, { name: 'duck-2', group: 'pond' }),
    await addRobot(fleet, { name: 'duck-3', group: 'pond', token: false }),
  ];
  await waitFor(
    'duck-3 to ask to be let in',
    async () => (await lifecycles(fleet)).get('duck-3') === 'pending' || undefined,
  );
  narrator.seen('duck-3 has no token: it waits as pending');
  await must(fleet, 'robot', 'accept', 'duck-3');
  await waitFor('three robots to be accepted and online', async () => {
    const { presence, lifecycle } = await fleet.api.fleetStatus();
    return (presence['online'] === 3 && lifecycle['accepted'] === 3) || undefined;
  });
  narrator.seen('three robots are accepted and online');
  return { fleet, robots, narrator };
}

/** A good release: every robot ends up running it, by its own word and by the control plane's. */
export async function robotsAdopt(stage: Stage, plan: ReleasePlan): Promise<void> {
  const { fleet, narrator } = stage;
  narrator.chapter(`${COMPONENT}@${plan.version}: a signed release with a real ONNX policy`);
  await publishRelease(fleet, plan);
  await deployToAll(stage, plan.version, 'succeeded');
  await allRun(stage, plan.version);
  narrator.seen(`all three robots run ${COMPONENT}@${plan.version}, say their applications and the control plane`);
}

/** A model that answers NaN: refused by the build, and by every robot before anything is switched. */
export async function robotsRefuse(stage: Stage, plan: ReleasePlan, running: string): Promise<void> {
  const { fleet, robots, narrator } = stage;
  narrator.chapter(`${COMPONENT}@${plan.version}: a model whose every answer is NaN`);
  const folder = await writeRelease(fleet.folder, plan);
  const built = await fleet.fairlead('release', 'build', folder, '--output', `${folder}.fairlead`);
  narrator.quote(built.stderr);
  assert.equal(built.exitCode, 3, `release build should refuse ${basename(folder)}`);
  narrator.seen('fairlead release build refuses it');

  const before = await Promise.all(robots.map((robot) => robot.health()));
  await publishRelease(fleet, plan, ['--skip-smoke-tests']);
  narrator.seen('a careless builder skipped the smoke tests and published it anyway');
  const ended = await deployToAll(stage, plan.version, 'rejected');
  for (const { view } of ended) assert.equal(view.refusal?.phase, 'smoke-test', `${view.robot} refused too late`);
  const after = await Promise.all(robots.map((robot) => robot.health()));
  // The same process as before: the old release was never even stopped.
  assert.deepEqual(after, before);
  await allRun(stage, running);
  narrator.seen(`every robot refused it before the switch; ${COMPONENT}@${running} never stopped walking`);
}

/** Passes every smoke test and is unwell once it runs: robots notice and go back by themselves. */
export async function robotsRollBack(stage: Stage, plan: ReleasePlan, running: string): Promise<void> {
  const { narrator } = stage;
  narrator.chapter(`${COMPONENT}@${plan.version}: a good model in an application that needs what these robots lack`);
  await publishRelease(stage.fleet, plan);
  const ended = await deployToAll(stage, plan.version, 'rolled-back');
  for (const { view, events } of ended) {
    assert.ok(
      events.some(({ state }) => state === 'probation'),
      `${view.robot} never ran it`,
    );
  }
  await allRun(stage, running);
  narrator.seen(`every robot tried it, saw its health check fail and runs ${COMPONENT}@${running} again`);
}

/** What an operator sees at the end. */
export async function lastLook({ fleet, narrator }: Stage): Promise<void> {
  narrator.chapter('The fleet as the operator sees it');
  for (const command of [['status'], ['robot', 'list'], ['explain', 'duck-1']]) {
    narrator.quote(`\n${(await must(fleet, ...command)).stdout}`);
  }
}

async function deployToAll({ fleet, narrator }: Stage, version: string, state: DeploymentState) {
  const release = `${COMPONENT}@${version}`;
  const deployments = await order(fleet, 'deploy', '--all', '--release', release);
  assert.equal(deployments.length, 3);
  const ended = await untilEnded(fleet, deployments, (view, event) => narrator.event(view.robot, release, event));
  for (const { view } of ended) assert.equal(view.state, state, `${view.robot}: ${JSON.stringify(view.refusal)}`);
  return ended;
}

/** Asks both sides: the applications on the robots, and what the control plane was told. */
async function allRun({ fleet, robots }: Stage, version: string): Promise<void> {
  for (const robot of robots) {
    await waitFor(`${robot.name} to be healthy with ${version}`, async () => {
      const health = await robot.health();
      return (health?.ok === true && health.release === `${COMPONENT}@${version}`) || undefined;
    });
  }
  await waitFor(`the control plane to know that all robots run ${version}`, async () => {
    const { running } = await fleet.api.fleetStatus();
    return (running.length === 1 && running[0]?.version === version && running[0].robots === 3) || undefined;
  });
}

async function lifecycles(fleet: LocalFleet): Promise<Map<string, string>> {
  const { items } = await fleet.api.listRobots();
  return new Map(items.map(({ robot, lifecycle }) => [robot, lifecycle]));
}

async function must(fleet: LocalFleet, ...args: readonly string[]) {
  const spoken = await fleet.fairlead(...args);
  assert.equal(spoken.exitCode, 0, spoken.stderr);
  return spoken;
}
