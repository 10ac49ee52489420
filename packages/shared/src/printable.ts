/**
 * Robot names, log lines and release notes come from elsewhere: an escape sequence in one of them must not
 * repaint the operator's terminal, nor a line break fake a second line (attack 83).
 */

/**
 * Control characters (C0 and C1, among them the escape and its 8-bit forms), format characters (those that change the
 * direction of text, join it, or are invisible), and the line and paragraph separators.
 */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;

/** Escapes what would be obeyed instead of seen. */
export const printable = (text: string): string =>
  text.replace(UNSEEN, (character) => `\\u{${character.codePointAt(0)?.toString(16)}}`);

/** One JSON document, indented; what would be obeyed stands in it as JSON's own escapes. */
export const printableJson = (value: unknown): string =>
  String(JSON.stringify(value, null, 2)).replace(UNSEEN, (character) =>
    // The line breaks of the indentation are the only control characters that JSON.stringify leaves and means.
    character === '\n' ? character : character.split('').map(escapeUnit).join(''),
  );

const escapeUnit = (unit: string): string => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`;
