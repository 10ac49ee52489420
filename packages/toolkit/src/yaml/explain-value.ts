/**
 * Why a value has the wrong type, in the words of the file: `version: 1.10` is a number for YAML, `no` is a text, and a
 * key without a value is null. The schema alone can only say "must be string".
 */
import { isMap, isScalar, isSeq, type Scalar } from 'yaml';

/** Whether the file would be right in this place with another value; `undefined`: without the key. */
export type Fits = (value: unknown) => boolean;

/** The sentence for people. `expected` are JSON types, as `Mistake.expected` lists them. */
export function explainValue(node: unknown, expected: readonly string[], fits: Fits): string {
  const wanted = expected.map((type) => NAMES[type] ?? type).join(' or ');
  if (!isScalar(node)) return `must be ${wanted}${isMap(node) ? ', not a mapping' : isSeq(node) ? ', not a list' : ''}`;
  if (node.value === null) return explainNull(node, expected, fits);
  if (typeof node.value === 'string') return explainText(node, expected, fits) ?? `must be ${wanted}`;
  if (expected.includes('string')) return explainPlain(node, fits);
  return `must be ${wanted}`;
}

const NAMES: Readonly<Record<string, string>> = {
  string: 'text',
  boolean: 'true or false',
  integer: 'a whole number',
  number: 'a number',
  array: 'a list: [a, b], or one "- a" per line',
  object: 'a mapping: one "key: value" per line, indented',
};

function explainNull({ source }: Scalar, expected: readonly string[], fits: Fits): string {
  const empty = Object.entries(EMPTY).find(([type, { value }]) => expected.includes(type) && fits(value))?.[1].text;
  const write = [
    ...(empty === undefined ? ['write a value'] : [`write ${empty}`]),
    ...(fits(undefined) ? ['delete the line'] : []),
  ];
  const what = source === undefined || source === '' ? 'has no value' : `YAML reads ${source} as no value`;
  const quoted = source && expected.includes('string') && fits(source) ? [`write "${source}" in quotes`] : write;
  return `${what}: ${quoted.join(' or ')}`;
}

const EMPTY: Readonly<Record<string, { readonly value: unknown; readonly text: string }>> = {
  array: { value: [], text: '[]' },
  object: { value: {}, text: '{}' },
};

/** A plain word or number where text belongs. */
function explainPlain({ value, source = String(value) }: Scalar, fits: Fits): string {
  const read = typeof value === 'number' ? numberRead(value, source) : `the truth value ${String(value)}`;
  // Semantic versions have three numbers: 1.10 was meant as one.
  const meant = [source, `${source}.0`, `${source}.0.0`].find(fits);
  const next = meant === undefined ? 'text is written in quotes' : `write "${meant}" in quotes`;
  return `YAML reads ${source} as ${read}: ${next}`;
}

const numberRead = (value: number, source: string): string =>
  String(value) === source ? 'a number' : `the number ${value}`;

/** A text where a number, a truth value, a list or a mapping belongs; undefined where YAML is not the reason. */
function explainText({ value, source, type }: Scalar, expected: readonly string[], fits: Fits): string | undefined {
  const text = String(value);
  const isPlain = type === 'PLAIN';
  const read = isPlain ? `YAML reads ${source ?? text} as text` : `"${text}" in quotes is text`;
  if (expected.includes('boolean')) {
    const meant = TRUTH[text.toLowerCase()];
    if (meant !== undefined && fits(meant)) return `${read}: write ${meant}`;
    // A key that can only be true is left out where it does not hold.
    if (!fits(false) && fits(true)) return `${read}: write true${fits(undefined) ? ' or delete the line' : ''}`;
    return `${read}: write true or false`;
  }
  if (expected.includes('integer') || expected.includes('number')) {
    const number = Number(text.replaceAll('_', '').replace(/\s*%$/, ''));
    if (text.trim() !== '' && fits(number)) return `${read}: write ${number}`;
    return `${read}: write ${expected.includes('number') ? 'a number' : 'a whole number'} without a unit`;
  }
  if (expected.includes('array') && fits([text])) return `must be a list: write [${text}]`;
  return undefined;
}

const TRUTH: Readonly<Record<string, boolean>> = {
  true: true,
  yes: true,
  on: true,
  y: true,
  false: false,
  no: false,
  off: false,
  n: false,
};
