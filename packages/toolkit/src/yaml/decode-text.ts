/** Bytes of a file that people write, as text. Only UTF-8 is accepted, with or without a byte order mark. */
import { accept, type Result, refuse } from '@fairlead/shared/failure';

export interface DecodedText {
  readonly text: string;
  /** Some bytes are not UTF-8; each is U+FFFD in `text`. */
  readonly isDamaged: boolean;
}

/** Refused with the sentence for people where the text as a whole has another encoding. */
export function decodeText(content: Uint8Array | string): Result<DecodedText, string> {
  if (typeof content === 'string') return accept({ text: withoutMark(content), isDamaged: false });
  // A NUL is no character of a text file, and every second byte of UTF-16 is one.
  if (UTF16_MARKS.some((mark) => mark.every((byte, at) => content[at] === byte)) || content.includes(0)) {
    return refuse('the file is encoded as UTF-16, or is no text at all: save it as UTF-8');
  }
  const text = new TextDecoder('utf-8').decode(content);
  return accept({ text, isDamaged: text.includes(REPLACEMENT) && !isUtf8(content) });
}

/** What stands in the place of bytes that are not UTF-8. */
export const REPLACEMENT = '\u{FFFD}';

const UTF16_MARKS = [
  [0xff, 0xfe],
  [0xfe, 0xff],
];
const withoutMark = (text: string): string => text.replace(/^\u{FEFF}/u, '');

function isUtf8(content: Uint8Array): boolean {
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(content);
    return true;
  } catch {
    return false;
  }
}
