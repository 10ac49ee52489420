/** What a request may hold at most, so that every database stores it and a person can read it. */
import { type TString, Type } from 'typebox';

/** Larger integers are not exact in JSON; columns of 64 bits hold these. */
export const LARGEST_INTEGER = Number.MAX_SAFE_INTEGER;
/** Columns of 32 bits. */
export const LARGEST_INT32 = 2 ** 31 - 1;

/** Neither line breaks nor escape sequences nor NUL: C0, DEL and C1. */
export const NO_CONTROL_CHARACTERS = '^[^\\x00-\\x1f\\x7f-\\x9f]*$';

interface LineOptions {
  readonly minLength?: number;
  readonly description?: string;
}

/** One line of text that a person or a script writes. What robots pass on may have line breaks, and is only bounded. */
export const textLine = (maxLength: number, options: LineOptions = {}): TString =>
  Type.String({ ...options, maxLength, pattern: NO_CONTROL_CHARACTERS });
