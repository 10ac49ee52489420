/** Long sentences on a narrow screen. */
import { printable } from '@fairlead/shared/printable';

/**
 * Lines of at most `width` characters; a longer word keeps a line of its own. A line break in the text is shown as an
 * escape: nobody whose words stand in a sentence begins a line of its own with them.
 */
export const wrap = (text: string, width = 78): string[] =>
  (printable(text).match(new RegExp(`.{1,${width}}(?:\\s+|$)|\\S+\\s*`, 'g')) ?? ['']).map((line) => line.trimEnd());

export const clip = (text: string, width: number): string =>
  text.length > width ? `${text.slice(0, width - 1)}…` : text;

/** A name in a column of its own, `next:`, an arrow or plain indentation: what the following lines stay clear of. */
const HEAD = /^(?:\S+(?: \S+)* {2,}|(?:next|where|error): +| *-> | +)/;
const WIDEST_HEAD = 24;
const NARROWEST = 24;

/** One line of a terminal, as several where it is longer than `width` characters; they begin below its text. */
export function wrapLine(text: string, width: number): string[] {
  if (text.length <= width) return [text];
  const found = HEAD.exec(text)?.[0] ?? '';
  const head = found.length <= WIDEST_HEAD ? found : '';
  const lines = wrap(text.slice(head.length), Math.max(NARROWEST, width - head.length));
  return lines.map((line, at) => `${at === 0 ? head : ' '.repeat(head.length)}${line}`);
}

/** For commander: without this it leaves a text of its help on one line where fewer than 40 columns remain for it. */
export const HELP = { minWidthToWrap: 24 } as const;

/** For commander: its own sentences about a wrong command line keep to the width of the terminal too. */
export const fitErrors =
  (width: () => number) =>
  (text: string, write: (text: string) => void): void => {
    // Commander gives no width where there is no terminal.
    const columns = width() || Number.POSITIVE_INFINITY;
    const lines = text.split('\n').flatMap((line) => wrapLine(line, columns));
    write(lines.join('\n'));
  };
