/**
 * `npm run demo`: a real control plane and three real agents on this machine, and the story of four releases.
 * Exits 0 only if all of it was observed. `--stay` keeps everything up afterwards.
 */
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { removeTree } from '@fairlead/toolkit/bundle/remove-tree';
import { lastLook, robotsAdopt, robotsJoin, robotsRefuse, robotsRollBack, type Stage } from './demo/chapters.ts';
import { goOnByHand } from './demo/go-on-by-hand.ts';
import { createNarrator } from './demo/narrator.ts';
import { openFleet } from './local-fleet/local-fleet.ts';
import { createProcesses } from './local-fleet/processes.ts';

const stay = process.argv.includes('--stay');
const narrator = createNarrator((text) => process.stdout.write(text));
const folder = await mkdtemp(join(tmpdir(), 'fairlead-demo-'));
// A dozen short commands: each starts in half the time where the next finds it compiled.
process.env['NODE_COMPILE_CACHE'] ??= join(folder, 'compile-cache');
const processes = createProcesses(join(folder, 'logs'));
const interrupted = new Promise<'interrupted'>((resolve) => {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.once(signal, () => resolve('interrupted'));
});

const end = await Promise.race([tellStory().catch(asError), interrupted]);
if (stay && typeof end === 'object' && 'fleet' in end) {
  process.stdout.write(goOnByHand(end));
  await interrupted;
}
await processes.stopAll();

if (end === 'interrupted' || end instanceof Error) {
  process.exitCode = end === 'interrupted' ? 130 : 1;
  if (end instanceof Error) process.stderr.write(`\nThe story went wrong: ${end.message}\n`);
  process.stderr.write(`The logs are in ${join(folder, 'logs')}\n`);
} else {
  await removeTree(folder);
}

async function tellStory(): Promise<Stage> {
  const started = performance.now();
  narrator.chapter('A control plane, and its chain of trust');
  const fleet = await openFleet(folder, processes, {
    tell: (args) => narrator.command(sayCommand(args)),
  });
  const stage = await robotsJoin(fleet, narrator);
  await robotsAdopt(stage, { version: '1.0.0', policy: { seed: 1 } });
  await robotsAdopt(stage, { version: '2.0.0', policy: { seed: 2 } });
  await robotsRefuse(stage, { version: '3.0.0', policy: { seed: 3, poison: 'nan' } }, '2.0.0');
  await robotsRollBack(stage, { version: '4.0.0', policy: { seed: 4 }, needs: 'a second camera' }, '2.0.0');
  await lastLook(stage);
  narrator.seen(`all of it was observed, in ${Math.round((performance.now() - started) / 1000)} s`);
  return stage;
}

/** As a person would type it. */
function sayCommand(args: readonly string[]): string {
  const said = args.filter((arg) => arg !== '--json').join(' ');
  return `fairlead ${said.replaceAll(`${folder}/`, '')}`;
}

function asError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown));
}
