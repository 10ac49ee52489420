/** Long sentences on a narrow screen. */

/** Lines of at most `width`; a longer word keeps a line of its own. */
export const wrap = (text: string, width = 78): string[] =>
  (text.match(new RegExp(`.{1,${width}}(?:\\s+|$)|\\S+\\s*`, 'g')) ?? ['']).map((line) => line.trimEnd());

export const clip = (text: string, width: number): string =>
  text.length > width ? `${text.slice(0, width - 1)}…` : text;
