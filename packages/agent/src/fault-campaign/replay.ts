/** One trial of a campaign once more: the same seed, the same cut, on the kept recording where there is one. */
import { join } from 'node:path';
import { CommandError, EXIT_CODES } from '../commands/command-context.ts';
import { DISKS } from './harness-proof.ts';
import { findKept } from './kept-recording.ts';
import { parsePoint, runKill, runMoment } from './kills.ts';
import { cutOf, recordStory, runCut, takeOf } from './power-cuts.ts';
import { openSandbox } from './sandbox.ts';
import type { Trial } from './score-board.ts';
import { STORIES } from './stories.ts';
import { openWorkshop } from './workshop.ts';

export interface Replayed {
  readonly trial: Trial;
  /** Where the cut fell, and on what. */
  readonly where: string;
}

/** `what`: SEED:NAME as a score board prints it. */
export async function replay(agent: readonly string[], folder: string, what: string): Promise<Replayed> {
  const [, seedText = '', name = ''] = /^([0-9]+):(.+)$/.exec(what) ?? [];
  const [storyName, kind, ...rest] = name.split('.');
  const story = STORIES.find((one) => one.name === storyName);
  const seed = Number(seedText);
  if (!story || kind === undefined) throw unknown(what);
  const sandbox = await openSandbox(folder);
  try {
    const workshop = await openWorkshop({ agent, folder: join(sandbox.work, 'w'), seed });
    const slot = join(sandbox.work, 'slot-0');
    if (kind === 'moment') {
      const { wasKilled, ...findings } = await runMoment(workshop, story, { ms: Number(rest[0]), folder: slot });
      return { trial: { kind: 'kill', name, findings, missed: !wasKilled }, where: `after ${rest[0]} ms` };
    }
    if (kind === 'kill') {
      const point = parsePoint(rest.join('.'));
      if (!point) throw unknown(what);
      const { wasKilled, ...findings } = await runKill(workshop, story, { point, folder: slot });
      return {
        trial: { kind: 'kill', name, findings, missed: !wasKilled },
        where: `${point.when} ${point.kind} ${point.index}`,
      };
    }
    const disk = DISKS.find((one) => one === kind);
    const number = Number(rest[0]);
    if (!disk || !Number.isInteger(number)) throw unknown(what);
    const kept = await findKept(sandbox.kept, seed, story, disk, takeOf(number));
    const recording = kept?.recording ?? (await recordStory(workshop, story, disk, takeOf(number)));
    const world = kept ? { ...workshop, fleet: kept.fleet } : workshop;
    const cut = cutOf(recording, seed, number);
    const findings = await runCut(world, recording, { cut, seed, folder: slot });
    const source = kept ? 'the kept recording' : 'a new recording (none was kept, so the cut may fall elsewhere)';
    return {
      trial: { kind: 'cut', name, findings },
      where: `cut behind record ${cut.record} of ${recording.records.length}, mode ${cut.mode}, on ${source}`,
    };
  } finally {
    await sandbox.close();
  }
}

const unknown = (what: string): CommandError =>
  new CommandError(
    `'${what}' names no trial.`,
    EXIT_CODES.usage,
    'Give SEED:NAME as a score board printed it, such as 42:update.posix.17 or 42:update.kill.journal.3.before.',
  );
