/**
 * JSON as signed documents may use it. `JSON.parse` takes the last of two equal members, any number, any
 * depth and repairs bad UTF-8; every one of those lets two readers of one signed text see two documents
 * (TRUST 2, finding 7; attacks 28-33). This reader refuses them before anybody else sees the bytes.
 */
import { accept, type Result, refuse } from '../failure.ts';
import { LIMITS } from './limits.ts';

export interface StrictJsonLimits {
  /** Deepest nesting of arrays and objects. Default LIMITS.jsonDepth. */
  readonly depth?: number;
  /** Accept any finite number. Default: safe integers without sign of zero, fraction or exponent. */
  readonly floats?: boolean;
  /** Accept a member named `__proto__`, as a member. Default: refused, because readers disagree about it. */
  readonly anyNames?: boolean;
}
export interface BadJson {
  readonly code: 'bad_json';
  readonly detail: string;
  /** Offset of the character at which reading ended, and the JSON pointer of the value there; absent where it is no text. */
  readonly place?: { readonly offset: number; readonly pointer: string };
}

const NUMBER = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/y;
const PLAIN = /[^"\\\u0000-\u001f]*/y;
const SPACE = /[ \t\n\r]*/y;
const LITERALS = [
  ['true', true],
  ['false', false],
  ['null', null],
] as const;

const MEMBER = { enumerable: true, configurable: true, writable: true } as const;

class Refused extends Error {
  readonly place: BadJson['place'];
  constructor(message: string, place?: BadJson['place']) {
    super(message);
    this.place = place;
  }
}

/** Parses one whole document. Never throws; `detail` says what was wrong and at which character. */
export function parseStrictJson(bytes: Uint8Array | string, limits: StrictJsonLimits = {}): Result<unknown, BadJson> {
  try {
    return accept(new Reader(decode(bytes), limits).document());
  } catch (error) {
    if (error instanceof Refused) {
      const { message: detail, place } = error;
      return refuse({ code: 'bad_json', detail, ...(place && { place }) });
    }
    throw error;
  }
}

function decode(bytes: Uint8Array | string): string {
  if (typeof bytes === 'string') return bytes;
  try {
    // ignoreBOM keeps the mark in the text, where it is refused as a character that starts no value.
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new Refused('not UTF-8');
  }
}

class Reader {
  #at = 0;
  readonly #text: string;
  readonly #depth: number;
  readonly #floats: boolean;
  readonly #anyNames: boolean;
  /** Member names and indexes that lead to the value being read. */
  readonly #path: (string | number)[] = [];

  constructor(text: string, limits: StrictJsonLimits) {
    this.#text = text;
    this.#depth = limits.depth ?? LIMITS.jsonDepth;
    this.#floats = limits.floats ?? false;
    this.#anyNames = limits.anyNames ?? false;
  }

  document(): unknown {
    const value = this.#value(0);
    this.#skip(SPACE);
    if (this.#at < this.#text.length) this.#refuse('data after the document');
    return value;
  }

  #value(depth: number): unknown {
    this.#skip(SPACE);
    const char = this.#text[this.#at];
    if ((char === '{' || char === '[') && depth >= this.#depth) this.#refuse(`nested deeper than ${this.#depth}`);
    if (char === '{') return this.#object(depth + 1);
    if (char === '[') return this.#array(depth + 1);
    if (char === '"') return this.#string();
    for (const [word, value] of LITERALS) if (this.#takes(word)) return value;
    return this.#number();
  }

  #object(depth: number): Record<string, unknown> {
    const object: Record<string, unknown> = {};
    this.#at += 1;
    if (this.#takesAfterSpace('}')) return object;
    do {
      this.#skip(SPACE);
      const key = this.#string();
      if (key === '__proto__' && !this.#anyNames) this.#refuse('a member named __proto__');
      if (Object.hasOwn(object, key)) this.#refuse(`the member ${JSON.stringify(key.slice(0, 60))} twice`);
      if (!this.#takesAfterSpace(':')) this.#refuse('no colon after a member name');
      this.#path.push(key);
      const value = this.#value(depth);
      this.#path.pop();
      // Assigning `__proto__` would set the prototype instead of a member.
      if (key === '__proto__') Object.defineProperty(object, key, { ...MEMBER, value });
      else object[key] = value;
    } while (this.#takesAfterSpace(','));
    if (!this.#takesAfterSpace('}')) this.#refuse('an object that does not end');
    return object;
  }

  #array(depth: number): unknown[] {
    const array: unknown[] = [];
    this.#at += 1;
    if (this.#takesAfterSpace(']')) return array;
    do {
      this.#path.push(array.length);
      array.push(this.#value(depth));
      this.#path.pop();
    } while (this.#takesAfterSpace(','));
    if (!this.#takesAfterSpace(']')) this.#refuse('an array that does not end');
    return array;
  }

  #string(): string {
    if (this.#text[this.#at] !== '"') this.#refuse('no value or member name');
    const start = this.#at;
    this.#at += 1;
    while (this.#skip(PLAIN) && this.#text[this.#at] === '\\') this.#at += 2;
    if (!this.#takes('"')) this.#refuse('a string that does not end, or holds a raw control character');
    const string = unescape(this.#text.slice(start, this.#at));
    if (string === undefined) this.#refuse('a bad escape');
    if (!string.isWellFormed() || string.includes('\0')) this.#refuse('a lone surrogate or NUL in a string');
    return string;
  }

  #number(): number {
    const start = this.#at;
    this.#skip(NUMBER);
    const digits = this.#text.slice(start, this.#at);
    if (digits === '') this.#refuse('no value');
    const number = Number(digits);
    const exact = Number.isSafeInteger(number) && String(number) === digits;
    if (!exact && !(this.#floats && Number.isFinite(number))) this.#refuse(`the number ${digits.slice(0, 40)}`);
    return number;
  }

  #skip(pattern: RegExp): true {
    pattern.lastIndex = this.#at;
    if (pattern.test(this.#text)) this.#at = pattern.lastIndex;
    return true;
  }

  #takes(word: string): boolean {
    if (!this.#text.startsWith(word, this.#at)) return false;
    this.#at += word.length;
    return true;
  }

  #takesAfterSpace(char: string): boolean {
    this.#skip(SPACE);
    return this.#takes(char);
  }

  #refuse(what: string): never {
    const pointer = this.#path.map((step) => `/${String(step).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
    throw new Refused(`${what}, at character ${this.#at}`, { offset: this.#at, pointer });
  }
}

/** The platform's own reader for one string literal: its escapes are right, its leniencies lie elsewhere. */
function unescape(literal: string): string | undefined {
  try {
    return String(JSON.parse(literal));
  } catch {
    return undefined;
  }
}
