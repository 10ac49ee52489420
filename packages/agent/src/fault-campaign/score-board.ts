/** What a campaign found, as a person reads it and as a program does. */
import { cpus, release, totalmem } from 'node:os';
import type { Findings } from './checks.ts';
import type { WriterProof } from './harness-proof.ts';

export interface Trial {
  readonly kind: 'cut' | 'kill';
  /** Names it within a campaign: `update.posix.17`, `update.kill.journal.3.before`. */
  readonly name: string;
  readonly findings: Findings;
  /** A kill whose step never came. */
  readonly missed?: boolean;
}
export interface StoryScore {
  readonly story: string;
  readonly title: string;
  /** Steps at which the agent could be killed, where they could be counted. */
  readonly killPoints?: number;
  /** So many trials failed that the rest was left out. */
  readonly gaveUp?: true;
  /** Sentences of the write-order audit, one per broken rule. */
  readonly writeOrder: string[];
  readonly trials: Trial[];
}
export interface ScoreBoard {
  readonly version: string;
  readonly seed: number;
  readonly machine: string;
  readonly seconds: number;
  readonly missing: readonly string[];
  readonly proof: readonly WriterProof[];
  readonly stories: readonly StoryScore[];
  readonly verdict: 'unbroken' | 'broken' | 'lost' | 'harness-unfit';
}

export const describeMachine = (): string =>
  `${process.arch}, ${cpus().length} × ${cpus()[0]?.model.trim() ?? 'unknown'}, ` +
  `${Math.round(totalmem() / 2 ** 30)} GiB, Linux ${release()}, Node ${process.version}`;

export function verdictOf(board: Pick<ScoreBoard, 'proof' | 'stories'>): ScoreBoard['verdict'] {
  if (board.proof.some(({ holds }) => !holds)) return 'harness-unfit';
  const found = board.stories.flatMap(({ trials }) => trials.map(({ findings }) => findings));
  if (found.some(({ lost }) => lost.length > 0)) return 'lost';
  const isBroken =
    found.some(({ broken }) => broken.length > 0) || board.stories.some(({ writeOrder }) => writeOrder.length > 0);
  return isBroken ? 'broken' : 'unbroken';
}

/** As a program reads it: without the thousand trials that found nothing. */
export const boardAsJson = (board: ScoreBoard, replay: (trial: Trial) => string) => ({
  ...board,
  stories: board.stories.map(({ trials, ...score }) => ({
    ...score,
    cuts: trials.filter(({ kind }) => kind === 'cut').length,
    kills: trials.filter(({ kind, missed }) => kind === 'kill' && !missed).length,
    outcomes: outcomesOf(trials),
    lost: trials.filter(({ findings }) => findings.lost.length > 0).length,
    broken: trials.filter(({ findings }) => findings.broken.length > 0).length,
    failures: failuresOf(trials).map((trial) => ({ name: trial.name, ...trial.findings, replay: replay(trial) })),
  })),
});

export function sayBoard(board: ScoreBoard, replay: (trial: Trial) => string): string[] {
  const rows = board.stories.map(({ story, trials, killPoints }) => {
    const kills = trials.filter(({ kind, missed }) => kind === 'kill' && !missed).length;
    return [
      story,
      String(trials.filter(({ kind }) => kind === 'cut').length),
      killPoints === undefined ? String(kills) : `${kills} of ${killPoints}`,
      Object.entries(outcomesOf(trials))
        .map(([outcome, count]) => `${outcome} ${count}`)
        .join(', '),
      String(trials.filter(({ findings }) => findings.lost.length > 0).length),
      String(trials.filter(({ findings }) => findings.broken.length > 0).length),
    ];
  });
  return [
    ...board.missing.map((missing) => `left out: ${missing}`),
    ...board.proof.map(sayProof),
    '',
    ...table([['story', 'power cuts', 'kills', 'ends', 'robots lost', 'promises broken'], ...rows]),
    '',
    ...board.stories.flatMap(({ story, writeOrder }) =>
      writeOrder.map((broken) => `✗ ${story}, write order: ${broken}`),
    ),
    ...board.stories.flatMap(({ trials }) => failuresOf(trials)).flatMap((trial) => sayFailure(trial, replay(trial))),
    ...board.stories
      .filter(({ gaveUp }) => gaveUp)
      .map(({ story }) => `${story} was given up: enough trials had failed`),
    `seed ${board.seed}, ${board.seconds} s, fairlead-agent ${board.version}`,
    board.machine,
    VERDICTS[board.verdict],
  ];
}

const VERDICTS: Readonly<Record<ScoreBoard['verdict'], string>> = {
  unbroken: '✓ Every robot came back with a working, verified release, and every promise was kept.',
  broken: '✗ Every robot came back with a working release, but promises were broken.',
  lost: '✗ Robots were lost: without a working, verified release, or never at rest.',
  'harness-unfit': '✗ The harness did not catch a writer that is wrong on purpose: what it finds here proves nothing.',
};

const sayProof = ({ disk, writer, cuts, caught, holds }: WriterProof): string =>
  `${holds ? '✓' : '✗'} harness on ${disk}: a writer that ${SAY_WRITER[writer]} was caught in ${caught} of ${cuts} cuts`;
const SAY_WRITER: Readonly<Record<WriterProof['writer'], string>> = {
  'overwrites in place': 'overwrites in place',
  'without fsync': 'does not fsync',
  'without fsync of the folder': 'does not fsync the folder',
  'the way Fairlead writes': 'writes as Fairlead does',
};

const failuresOf = (trials: readonly Trial[]): Trial[] =>
  trials.filter(({ findings }) => findings.lost.length > 0 || findings.broken.length > 0);

function sayFailure({ name, findings }: Trial, replay: string): string[] {
  return [
    `✗ ${name}: ended as ${findings.outcome}`,
    ...findings.lost.map((lost) => `    lost: ${lost}`),
    ...findings.broken.map((broken) => `    broken: ${broken}`),
    `    again: ${replay}`,
  ];
}

function outcomesOf(trials: readonly Trial[]): Record<string, number> {
  const outcomes: Record<string, number> = {};
  for (const { findings } of trials) outcomes[findings.outcome] = (outcomes[findings.outcome] ?? 0) + 1;
  return outcomes;
}

function table(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => (row[column] ?? '').length)));
  return rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('   ')
      .trimEnd(),
  );
}
