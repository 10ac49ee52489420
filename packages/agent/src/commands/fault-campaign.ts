/** `fairlead-agent fault-campaign`: proof on this very machine that no power cut and no kill costs a robot its release. */
import { randomInt } from 'node:crypto';
import { resolve } from 'node:path';
import { writeMessage } from '@fairlead/toolkit/process/journal-message';
import type { Command } from 'commander';
import type { Trial } from '../fault-campaign/score-board.ts';
import { type CommandContext, CommandError, EXIT_CODES } from './command-context.ts';

interface CampaignOptions {
  readonly sandbox: string;
  readonly cuts: string;
  readonly kills: string;
  readonly story: readonly string[];
  readonly seed?: string;
  readonly replay?: string;
  readonly proof: string;
}

export function addFaultCampaign(program: Command, context: CommandContext): void {
  program
    .command('fault-campaign')
    .description('Cut the power of pretended robots and kill their agents, here, and see whether all come back')
    .requiredOption('--sandbox <dir>', 'the one folder it works in; new, empty, or of an earlier campaign')
    .option('--cuts <n>', 'power cuts, of all stories together', '200')
    .option('--kills <n|all>', 'kills at steps of the agent, of all stories together; all: at every step', '120')
    .option('--story <name...>', 'only these stories', [])
    .option('--seed <n>', 'the same seed cuts at the same places; default: a new one')
    .option('--proof <n>', 'cuts per writer that is wrong on purpose, which the harness must catch', '40')
    .option('--replay <seed:name>', 'one trial of an earlier campaign once more')
    .action(async (options: CampaignOptions) => {
      const sandbox = resolve(options.sandbox);
      const agent = [process.execPath, process.argv[1] ?? ''];
      const { inOwnMounts } = await import('../fault-campaign/own-mounts.ts');
      const ended = await inOwnMounts(process.argv);
      // It has said everything already.
      if (ended !== undefined) process.exit(ended);
      if (options.replay !== undefined) return replayOne(agent, sandbox, options.replay, context);
      await campaign(agent, sandbox, options, context);
    });
  program
    .command('fault-campaign-disk <order>', { hidden: true })
    .description('The recorded disk of a campaign; the campaign starts it')
    .action(async (order: string) => {
      const { serveRecordedDisk } = await import('../fault-campaign/disk/serve-recorded-disk.ts');
      serveRecordedDisk(JSON.parse(order));
    });
}

async function campaign(
  agent: readonly string[],
  sandbox: string,
  options: CampaignOptions,
  context: CommandContext,
): Promise<void> {
  // An idle agent pays for none of this.
  const { runCampaign, UNDISTURBED } = await import('../fault-campaign/run-campaign.ts');
  const { boardAsJson, sayBoard } = await import('../fault-campaign/score-board.ts');
  const { STORIES } = await import('../fault-campaign/stories.ts');
  const known = STORIES.map(({ name }) => name);
  const stories = STORIES.filter(({ name }) => options.story.length === 0 || options.story.includes(name));
  const strange = options.story.filter((name) => !known.some((one) => one === name));
  if (strange.length > 0) {
    throw new CommandError(`There is no story '${strange[0]}'.`, EXIT_CODES.usage, `There are ${known.join(', ')}.`);
  }
  const seed = options.seed === undefined ? randomInt(1, 2 ** 31) : count(options.seed, '--seed');
  const bar = await openBar();
  const board = await runCampaign({
    agent,
    sandbox,
    stories,
    seed,
    cuts: count(options.cuts, '--cuts'),
    kills: options.kills === 'all' ? 'all' : count(options.kills, '--kills'),
    proofCuts: count(options.proof, '--proof'),
    onProgress: bar.set,
  }).finally(bar.stop);
  const replay = ({ name }: Trial): string => {
    const again = `fairlead-agent fault-campaign --sandbox ${sandbox}`;
    const [story = '', what] = name.split('.');
    return what === UNDISTURBED ? `${again} --cuts 2 --kills 0 --story ${story}` : `${again} --replay ${seed}:${name}`;
  };
  context.answer(boardAsJson(board, replay), () => sayBoard(board, replay));
  if (board.verdict === 'harness-unfit') throw new CommandError('The harness is not fit here.', EXIT_CODES.failed);
  if (board.verdict === 'lost') throw new CommandError('Robots were lost.', EXIT_CODES.refused);
  if (board.verdict === 'broken') throw new CommandError('Promises were broken.', EXIT_CODES.refused);
}

async function replayOne(
  agent: readonly string[],
  sandbox: string,
  what: string,
  context: CommandContext,
): Promise<void> {
  const { replay } = await import('../fault-campaign/replay.ts');
  const { trial, where } = await replay(agent, sandbox, what);
  const { lost, broken, outcome } = trial.findings;
  context.answer({ ...trial, where }, () => [
    `${trial.name}: ${where}`,
    `ended as ${outcome}`,
    ...lost.map((one) => `lost: ${one}`),
    ...broken.map((one) => `broken: ${one}`),
  ]);
  if (lost.length + broken.length > 0) throw new CommandError('It failed again.', EXIT_CODES.refused);
}

function count(text: string, option: string): number {
  if (/^[0-9]{1,9}$/.test(text)) return Number(text);
  throw new CommandError(`${option} takes a whole number, not '${text}'.`, EXIT_CODES.usage);
}

/** On stderr where that is a terminal; else a line per minute, so that a log shows that it lives. */
async function openBar(): Promise<{ set(done: number, of: number, now: string): void; stop(): void }> {
  if (process.stderr.isTTY) {
    const { Presets, SingleBar } = await import('cli-progress');
    const format = '{bar} {value}/{total} {now} {eta_formatted}';
    const bar = new SingleBar({ format, stream: process.stderr, hideCursor: true }, Presets.shades_classic);
    bar.start(1, 0, { now: '' });
    return {
      set: (done, of, now) => {
        bar.setTotal(of);
        bar.update(done, { now });
      },
      stop: () => bar.stop(),
    };
  }
  let told = performance.now();
  return {
    set: (done, of, now) => {
      if (performance.now() - told < A_MINUTE_MS) return;
      told = performance.now();
      writeMessage(`${done} of ${of}: ${now}`, 'info');
    },
    stop: () => undefined,
  };
}
const A_MINUTE_MS = 60_000;
