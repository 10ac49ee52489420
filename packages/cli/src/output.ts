/**
 * How commands speak. For people: tables, lines and bars, in colour on a terminal only. For programs:
 * `--json` prints exactly one JSON document on stdout, the API's own reply, and nothing else there.
 */

import { printable, printableJson } from '@fairlead/shared/printable';
import { wrapLine } from '@fairlead/toolkit/wrap';
import { MultiBar, Presets, SingleBar } from 'cli-progress';
import Table from 'cli-table3';
import picocolors from 'picocolors';
import { fitColumns, wrapCell } from './fit-table.ts';
import { sayDuration } from './rollout/durations.ts';

export type Tone = 'good' | 'bad' | 'warn' | 'dim' | 'strong';
/** Text of a cell; whatever it holds, it cannot move the cursor. */
export type Cell = string | number | undefined | { readonly text: string; readonly tone: Tone };

export interface Progress {
  set(value: number): void;
  stop(): void;
}

export interface Live {
  show(lines: readonly string[]): void;
  /** Takes the lines away. */
  stop(): void;
}

export interface Output {
  readonly json: boolean;
  /** Human only. On a terminal as wide as that at most; elsewhere a row is one line. Columns that are all '' print no heading. */
  table(columns: readonly string[], rows: readonly (readonly Cell[])[]): void;
  /** Human only: one line on stdout; on a terminal as several where it is too long for one. */
  line(text: string, tone?: Tone): void;
  /** Human only: text for another program to read, unchanged. Never for what came from elsewhere. */
  text(text: string): void;
  /** The command's result: the JSON document, or what `human` prints. Call it once. */
  done(value: unknown, human: () => void): void;
  /** A bar on stderr where that is a terminal, silent elsewhere. `total` and `set` count the same unit. */
  progress(title: string, total: number): Progress;
  /** Lines redrawn in place, on stderr where that is a terminal; undefined elsewhere. */
  live(): Live | undefined;
  /** On stderr, also with --json. */
  warn(text: string): void;
}

/** Anything that text can be written to; `isTTY` decides on colours and bars. */
export interface TextStream {
  write(text: string): unknown;
  readonly isTTY?: boolean;
  readonly columns?: number;
}

interface OutputOptions {
  readonly json: () => boolean;
  readonly stdout: TextStream;
  readonly stderr: TextStream & NodeJS.WritableStream;
  /** NO_COLOR is obeyed (https://no-color.org). */
  readonly env: NodeJS.ProcessEnv;
}

const COLOUR = { good: 'green', bad: 'red', warn: 'yellow', dim: 'dim', strong: 'bold' } as const;

export function createOutput({ json, stdout, stderr, env }: OutputOptions): Output {
  const colourful = (stream: TextStream): boolean => stream.isTTY === true && !env['NO_COLOR'];
  const paint = (stream: TextStream, text: string, tone?: Tone): string =>
    tone ? picocolors.createColors(colourful(stream))[COLOUR[tone]](text) : text;
  const say = (stream: TextStream, text: string, tone?: Tone): string => paint(stream, printable(text), tone);
  const cell = (value: Cell): string => {
    if (value === undefined) return say(stdout, '-', 'dim');
    return typeof value === 'object' ? say(stdout, value.text, value.tone) : printable(String(value));
  };

  const linesOf = (stream: TextStream, text: string): string =>
    stream.isTTY === true && stream.columns ? wrapLine(printable(text), stream.columns).join('\n') : printable(text);

  return {
    get json() {
      return json();
    },
    table(columns, all) {
      if (json()) return;
      // Facts of one thing need no heading.
      const head = columns.some(Boolean) ? columns.map((column) => say(stdout, column, 'strong')) : [];
      const table = new Table({ head, chars: PLAIN, style: { head: [], border: [], 'padding-left': 0 } });
      const width = stdout.isTTY === true ? stdout.columns : undefined;
      const rows = width === undefined ? all : fitRows(columns, all, width);
      table.push(...rows.map((row) => row.map(cell)));
      stdout.write(`${table.toString().replaceAll(/ +$/gm, '')}\n`);
    },
    line(text, tone) {
      if (!json()) stdout.write(`${paint(stdout, linesOf(stdout, text), tone)}\n`);
    },
    text(text) {
      if (!json()) stdout.write(text);
    },
    done(value, human) {
      if (json()) stdout.write(`${printableJson(value)}\n`);
      else human();
    },
    progress(title, total) {
      if (json() || stderr.isTTY !== true) return { set: () => {}, stop: () => {} };
      const format = `${printable(title)} {bar} {percentage}% {eta_formatted}`;
      const options = { format, formatTime: formatRemaining, stream: stderr, hideCursor: true };
      const bar = new SingleBar(options, Presets.shades_classic);
      bar.start(total, 0);
      return { set: (value) => bar.update(value), stop: () => bar.stop() };
    },
    live: () => (json() || stderr.isTTY !== true ? undefined : liveLines(stderr)),
    warn(text) {
      stderr.write(`${paint(stderr, linesOf(stderr, `warning: ${text}`), 'warn')}\n`);
    },
  };
}

/** Nothing while no rate is known yet: cli-progress then gives the text INF, as if it were a number of seconds. */
const formatRemaining = (seconds: number): string => (Number.isFinite(seconds) ? sayDuration(Math.round(seconds)) : '');

function liveLines(stream: NodeJS.WritableStream): Live {
  const format = (_options: unknown, _params: unknown, { line }: { line: string }) => line;
  const bars = new MultiBar({ format, stream, clearOnComplete: true, emptyOnZero: true }, Presets.shades_classic);
  const rows: ReturnType<MultiBar['create']>[] = [];
  const stop = (): void => {
    process.removeListener('SIGINT', interrupted);
    bars.stop();
  };
  // Puts the terminal in order, then ends as it would have ended anyway.
  const interrupted = (): void => {
    stop();
    process.kill(process.pid, 'SIGINT');
  };
  process.once('SIGINT', interrupted);
  return {
    show(lines) {
      for (let index = 0; index < Math.max(rows.length, lines.length); index += 1) {
        const line = printable(lines[index] ?? '');
        const row = (rows[index] ??= bars.create(1, 0, { line }));
        row.update(0, { line });
      }
    },
    stop,
  };
}

const textOf = (value: Cell): string =>
  value === undefined ? '-' : printable(String(typeof value === 'object' ? value.text : value));

/** A cell that is too long goes on in rows of its own. */
function fitRows(columns: readonly string[], rows: readonly (readonly Cell[])[], width: number): Cell[][] {
  const widths = fitColumns([columns, ...rows.map((row) => row.map(textOf))], width);
  return rows.flatMap((row) => {
    const lines = row.map((cell, at) => wrapCell(textOf(cell), widths[at] ?? width));
    const height = Math.max(1, ...lines.map(({ length }) => length));
    return Array.from({ length: height }, (_, line) =>
      row.map((cell, at) => {
        const text = lines[at]?.[line] ?? '';
        return typeof cell === 'object' ? { ...cell, text } : cell === undefined && line === 0 ? cell : text;
      }),
    );
  });
}

/** No frames: columns that a person can read and copy. */
const PLAIN = Object.fromEntries(
  'top,top-mid,top-left,top-right,bottom,bottom-mid,bottom-left,bottom-right,left,left-mid,mid,mid-mid,right,right-mid'
    .split(',')
    .map((place) => [place, '']),
) as Record<string, string>;
PLAIN['middle'] = ' ';
