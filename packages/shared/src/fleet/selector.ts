/**
 * Label selectors in Kubernetes syntax: `group=warehouse,env in (staging,production),!maintenance`. All
 * requirements must hold. As in Kubernetes, `!=` and `notin` also choose robots that lack the label.
 */
import { accept, type Result, refuse } from '../failure.ts';
import type { Labels } from './robot-facts.ts';

export interface Requirement {
  readonly key: string;
  readonly operator: 'in' | 'notin' | 'exists' | 'absent';
  /** Empty for exists and absent. */
  readonly values: readonly string[];
}
/** No requirement chooses everything. */
export type Selector = readonly Requirement[];
export interface SelectorMistake {
  /** Index of the character where reading stopped, from 0. */
  readonly at: number;
  readonly message: string;
}

export function matches(selector: Selector, labels: Labels): boolean {
  return selector.every(({ key, operator, values }) => {
    // Own labels only: `constructor` is no label of anybody.
    const value = Object.hasOwn(labels, key) ? labels[key] : undefined;
    if (operator === 'exists') return value !== undefined;
    if (operator === 'absent') return value === undefined;
    return (value !== undefined && values.includes(value)) === (operator === 'in');
  });
}

/** A document that was checked when it was saved is asked about every robot of the fleet: its selector is read once. */
const read = new WeakMap<object, Selector>();
export function selectorIn(saved: { readonly selector: string }): Selector {
  const known = read.get(saved);
  if (known) return known;
  const parsed = parseSelector(saved.selector);
  if (!parsed.ok) throw new RangeError(`The saved selector ${saved.selector} does not parse.`);
  read.set(saved, parsed.value);
  return parsed.value;
}

/** Writes a selector so that reading it gives the same again. */
export const saySelector = (selector: Selector): string =>
  selector
    .map(({ key, operator, values }) => {
      if (operator === 'exists') return key;
      return operator === 'absent' ? `!${key}` : `${key} ${operator} (${values.join(',')})`;
    })
    .join(',');

export function parseSelector(text: string): Result<Selector, SelectorMistake> {
  const reader = new Reader(text);
  if (reader.atEnd()) return accept([]);
  try {
    const requirements = [readRequirement(reader)];
    while (!reader.atEnd()) {
      reader.expect(',');
      requirements.push(readRequirement(reader));
    }
    return accept(requirements);
  } catch (error) {
    if (error instanceof Stopped) return refuse({ at: error.at, message: error.message });
    throw error;
  }
}

const KEY = /(?:[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?\/)?[A-Za-z0-9](?:[A-Za-z0-9._-]{0,61}[A-Za-z0-9])?/y;
const VALUE = /(?:[A-Za-z0-9](?:[A-Za-z0-9._-]{0,61}[A-Za-z0-9])?)?/y;
const SET_OPERATOR = /(in|notin)(?=[\s(])/y;
const EQUALITY = /==?|!=/y;

function readRequirement(reader: Reader): Requirement {
  if (reader.take('!')) return { key: readKey(reader), operator: 'absent', values: [] };
  const key = readKey(reader);
  const equality = reader.match(EQUALITY);
  if (equality) return { key, operator: equality === '!=' ? 'notin' : 'in', values: [readValue(reader)] };
  const operator = reader.match(SET_OPERATOR);
  if (operator === 'in' || operator === 'notin') return { key, operator, values: readSet(reader) };
  return { key, operator: 'exists', values: [] };
}

function readKey(reader: Reader): string {
  return reader.match(KEY) ?? reader.stop('a label key is expected');
}

const readValue = (reader: Reader): string => reader.match(VALUE) ?? '';

function readSet(reader: Reader): string[] {
  reader.expect('(');
  const values = [readValue(reader)];
  while (reader.take(',')) values.push(readValue(reader));
  reader.expect(')');
  return values;
}

class Stopped extends Error {
  readonly at: number;
  constructor(at: number, message: string) {
    super(message);
    this.at = at;
  }
}

/** Reads tokens from left to right; blanks between them mean nothing. */
class Reader {
  readonly #text: string;
  #at = 0;
  constructor(text: string) {
    this.#text = text;
  }

  match(sticky: RegExp): string | undefined {
    this.#skipBlanks();
    sticky.lastIndex = this.#at;
    const found = sticky.exec(this.#text)?.[0];
    if (found !== undefined) this.#at += found.length;
    return found;
  }

  take(mark: string): boolean {
    this.#skipBlanks();
    const taken = this.#text.startsWith(mark, this.#at);
    if (taken) this.#at += mark.length;
    return taken;
  }

  expect(mark: string): void {
    if (!this.take(mark)) this.stop(`"${mark}" is expected`);
  }

  atEnd(): boolean {
    this.#skipBlanks();
    return this.#at >= this.#text.length;
  }

  stop(message: string): never {
    throw new Stopped(this.#at, message);
  }

  #skipBlanks(): void {
    while (/\s/.test(this.#text.charAt(this.#at))) this.#at += 1;
  }
}
