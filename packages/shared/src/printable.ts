/**
 * Robot names, log lines and release notes come from elsewhere: an escape sequence in one of them must not
 * repaint the operator's terminal, nor a line break fake a second line (attack 83).
 */

/** Escapes control and bidirectional-override characters so that they are seen instead of obeyed. */
export const printable = (text: string): string =>
  text.replace(
    /[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff]/g,
    (character) => `\\u{${character.codePointAt(0)?.toString(16)}}`,
  );
