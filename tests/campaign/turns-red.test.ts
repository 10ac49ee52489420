/**
 * The campaign on trial: an agent in which one flush, one flush of a folder or one journal write was forgotten must
 * not come through. Each mutant is recorded and audited, and cut until the first robot is found wanting.
 */
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sweepSandbox } from '@fairlead/agent/fault-campaign/disk/machine';
import { cutOf, recordStory, runCut } from '@fairlead/agent/fault-campaign/power-cuts';
import { STORIES, type Story, type StoryName } from '@fairlead/agent/fault-campaign/stories';
import { openWorkshop } from '@fairlead/agent/fault-campaign/workshop';
import { auditWriteOrder } from '@fairlead/agent/fault-campaign/write-order';
import { expect, onTestFinished, test } from 'vitest';
import { mayRecord } from './support/may-record.ts';
import { buildMutant, type Mutation } from './support/mutant-agent.ts';

const DURABLE = 'packages/toolkit/src/durable-files.ts';
const DRIVER = 'packages/agent/src/update/run-update.ts';

const FORGOTTEN: readonly (readonly [what: string, Mutation, story?: StoryName])[] = [
  [
    'the fsync of a file',
    {
      file: DURABLE,
      take: '      await handle.writeFile(content);\n      await handle.sync();',
      put: '      await handle.writeFile(content);',
    },
  ],
  [
    'the fsync of the folder in which a link is switched',
    {
      file: DURABLE,
      take: '    await rm(temp, { force: true });\n    throw cause;\n  }\n  await syncFolder(dirname(path));\n}\n\n/** Gives what is in the way',
      put: '    await rm(temp, { force: true });\n    throw cause;\n  }\n}\n\n/** Gives what is in the way',
    },
  ],
  [
    'the fsync of every folder',
    {
      file: DURABLE,
      take: '    handle = await open(path, constants.O_RDONLY | constants.O_DIRECTORY);\n    await handle.sync();',
      put: '    handle = await open(path, constants.O_RDONLY | constants.O_DIRECTORY);',
    },
  ],
  [
    'the journal before the first step acts',
    {
      file: DRIVER,
      take: '  let journal = start;\n  await persist(journal, deps, control);',
      put: '  let journal = start;',
    },
  ],
  [
    'the journal between two steps',
    {
      file: DRIVER,
      take: '    await persist(journal, deps, control);\n    if (journal.paused)',
      put: "    if (journal.paused || journal.step === 'done') await persist(journal, deps, control);\n    if (journal.paused)",
    },
  ],
  [
    'the fsync of the folder from which a file was removed',
    {
      file: DURABLE,
      take: '  await rm(path, { force: true });\n  await syncFolder(dirname(path));',
      put: '  await rm(path, { force: true });',
    },
  ],
  [
    'the fsync of the files of a release',
    {
      file: 'packages/toolkit/src/bundle/extract-bundle.ts',
      take: '    await handle.chmod(modeOnDisk(file.mode));\n    await handle.sync();',
      put: '    await handle.chmod(modeOnDisk(file.mode));',
    },
  ],
  [
    'the fsync of the state that a roll-back restores',
    { file: 'packages/agent/src/state-backup/restore-state.ts', take: '    await handle.sync();\n', put: '' },
    'rollback',
  ],
];
const SEED = 11;
const MOST_CUTS = 40;

/** The first thing that the campaign finds wrong, in words; undefined where it finds nothing. */
async function firstFinding(agent: readonly string[], folder: string, story: Story): Promise<string | undefined> {
  const workshop = await openWorkshop({ agent, folder, seed: SEED });
  const recording = await recordStory(workshop, story, 'posix', 0);
  const [broken] = auditWriteOrder(recording);
  if (broken !== undefined) return `write order: ${broken}`;
  for (let number = 0; number < MOST_CUTS; number += 1) {
    const cut = cutOf(recording, SEED, number);
    const { lost, broken } = await runCut(workshop, recording, { cut, seed: SEED, folder: join(folder, 'slot') });
    const [finding] = [...lost, ...broken];
    if (finding !== undefined) return `cut ${number}: ${finding}`;
  }
  return undefined;
}

const CASES = FORGOTTEN.map(([what, mutation, name = 'update']) => ({ what, mutation, name }));

test.runIf(mayRecord).each(CASES)(
  'an agent that forgot $what turns the campaign red',
  async ({ what, mutation, name }) => {
    const folder = mkdtempSync(join(tmpdir(), 'fairlead-red-'));
    onTestFinished(() => sweepSandbox(folder));
    const agent = await buildMutant(join(folder, 'mutant'), mutation);
    const story = STORIES.find((one) => one.name === name);
    const found = story && (await firstFinding(agent, join(folder, 'w'), story));
    process.stdout.write(`without ${what}: ${found}\n`);
    expect(found).toBeDefined();
  },
);
