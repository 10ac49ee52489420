/** Tables on a terminal: long cells go on in the row below, so that no line is wider than the screen and nothing is cut off. */
import { wrap } from '@fairlead/toolkit/wrap';

const GAP = 2;
const NARROWEST = 6;

/**
 * How wide each column may be. The widest columns give way first; the first one, which names the row and is copied from
 * the screen, only after all others. `cells`: heading and rows, as text.
 */
export function fitColumns(cells: readonly (readonly string[])[], width: number): number[] {
  const columns = cells[0]?.length ?? 0;
  const widths = Array.from({ length: columns }, (_, at) => Math.max(...cells.map((row) => row[at]?.length ?? 0)));
  const least = widths.map((_, at) => Math.max(NARROWEST, cells[0]?.[at]?.length ?? 0));
  // Words stay whole as long as there is another way.
  const words = least.map((is, at) => Math.max(is, ...cells.map((row) => longestPiece(row[at] ?? ''))));
  for (const limits of [words, least]) {
    for (let excess = sum(widths) + GAP * columns - width; excess > 0; excess -= 1) {
      const others = widths.map((is, at) => (at > 0 && is > (limits[at] ?? 0) ? is : 0));
      const widest = Math.max(...others);
      if (widest > 0) widths[others.indexOf(widest)] = widest - 1;
      else break;
    }
  }
  const excess = sum(widths) + GAP * columns - width;
  if (excess > 0) widths[0] = Math.max(least[0] ?? 0, (widths[0] ?? 0) - excess);
  return widths;
}

/** The lines of one cell: between words where that is possible, else after a separator of names, else anywhere. */
export const wrapCell = (text: string, width: number): string[] =>
  wrap(text, width).flatMap((line) => [...breakLong(line, width)]);

function* breakLong(line: string, width: number): Generator<string> {
  let rest = line;
  while (rest.length > width) {
    const separator = /^.*[-@/,.:=_]/.exec(rest.slice(0, width))?.[0].length ?? 0;
    const end = separator > width / 2 ? separator : width;
    yield rest.slice(0, end);
    rest = rest.slice(end);
  }
  yield rest;
}

/** What breakLong can't part without tearing a word. */
const longestPiece = (text: string): number =>
  Math.max(...text.split(/\s+|(?<=[-@/,.:=_])/).map(({ length }) => length));

const sum = (numbers: readonly number[]): number => numbers.reduce((total, each) => total + each, 0);
