/** The author's inputs for `fairlead release golden`, as programs write them: JSON with flat or nested lists. */
import { readFile, stat } from 'node:fs/promises';
import { type Mistake, parse } from '@fairlead/shared/parse';
import { GoldenInputs } from '@fairlead/shared/release/golden';
import { type BadJson, parseStrictJson } from '@fairlead/shared/trust/strict-json';
import { CliError, EXIT } from '../cli-error.ts';
import { flattenInputs } from './flatten-inputs.ts';
import { sayBytes } from './say-bytes.ts';

/** The text of the file becomes one JavaScript string, which cannot be longer than 2^29 characters. */
const MAX_BYTES = 500_000_000;
/** `cases`, case, `inputs`, input, `data`, and one level for each dimension. */
const MAX_DEPTH = 24;
const PYTHON =
  'In Python: json.dump({"cases": [{"case": "standing", "inputs": {"obs": {"type": str(obs.dtype), "data": obs.tolist()}}}]}, file)';
const EXAMPLE =
  '{"cases": [{"case": "standing", "inputs": {"obs": {"type": "float32", "dims": [1, 2], "data": [0.1, -0.2]}}}]}';

/** Throws a CliError that lists every mistake by case and input where the file is not of the right form. */
export async function readGoldenInputs(file: string): Promise<GoldenInputs> {
  const bytes = await readBytes(file);
  // RFC 8259, section 8.1: a reader may ignore a byte order mark. Editors on Windows write one.
  const marked = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf;
  const text = marked ? bytes.subarray(3) : bytes;
  const json = parseStrictJson(text, { floats: true, anyNames: true, depth: MAX_DEPTH });
  if (!json.ok) throw wrong(file, [describeBadJson(json.refused, text)]);
  const { value, mistakes } = flattenInputs(json.value);
  if (mistakes.length > 0) throw wrong(file, mistakes);
  const inputs = parse(GoldenInputs, value);
  if (inputs.ok) return inputs.value;
  throw wrong(
    file,
    inputs.refused.map((mistake) => describeMistake(mistake, value)),
  );
}

async function readBytes(file: string): Promise<Uint8Array> {
  const found = await stat(file).catch(() => undefined);
  if (!found?.isFile()) {
    const what = found === undefined ? 'There is no such file.' : 'It is not a file.';
    throw new CliError(what, {
      where: file,
      hint: 'Give the file with your inputs: --inputs FILE',
      exitCode: EXIT.usage,
    });
  }
  if (found.size > MAX_BYTES) {
    const detail = `The inputs have ${sayBytes(found.size)}; at most ${sayBytes(MAX_BYTES)} can be read.`;
    throw new CliError(detail, {
      where: file,
      hint: 'Use fewer cases: several golden files are allowed.',
      exitCode: EXIT.usage,
    });
  }
  const bytes = await readFile(file);
  const format = binaryFormat(bytes);
  if (format === undefined) return bytes;
  throw new CliError(`The inputs are ${format}; only JSON is read.`, {
    where: file,
    hint: `Write them as JSON. ${PYTHON}`,
    exitCode: EXIT.usage,
  });
}

/** What Python programs save besides JSON, by its first bytes. */
function binaryFormat(bytes: Uint8Array): string | undefined {
  const start = Buffer.from(bytes.subarray(0, 6)).toString('latin1');
  if (start === '\x93NUMPY') return 'a NumPy array (.npy)';
  if (start.startsWith('PK\x03\x04')) return 'a zip archive (.npz of NumPy, or .pt of PyTorch)';
  return /^\x80[\x02-\x05]/.test(start) ? 'a Python pickle' : undefined;
}

function describeBadJson({ detail, place }: BadJson, bytes: Uint8Array): string {
  if (!place) return `It is not JSON: ${detail}.`;
  const text = Buffer.from(bytes).toString('utf8');
  const before = text.slice(0, place.offset);
  const line = before.split('\n').length;
  const column = place.offset - before.lastIndexOf('\n');
  const at = [`line ${line}, column ${column}`, ...placeOf(place.pointer)].join(', ');
  const literal = /^-?(NaN|Infinity)/.exec(text.slice(place.offset, place.offset + 10))?.[0];
  if (literal) return `${at}: ${literal} is not JSON. Write it in quotes: "${literal}".`;
  return `${at}: It is not JSON: ${detail.replace(/, at character \d+$/, '')}.`;
}

/** `/cases/0/inputs/obs/data/3` as `case 1`, `input "obs"`, `data[3]`; nothing for places outside a case. */
function placeOf(pointer: string, names?: readonly unknown[]): string[] {
  const [root, index, key, input, ...rest] = pointer
    .split('/')
    .slice(1)
    .map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'));
  if (root !== 'cases' || index === undefined) return [];
  const name = names?.[Number(index)];
  const place = [typeof name === 'string' ? `case "${name}"` : `case ${Number(index) + 1}`];
  if (key !== 'inputs') return key === undefined ? place : [...place, key];
  if (input !== undefined) place.push(`input "${input}"`);
  const [field, ...indexes] = rest;
  if (field !== undefined) place.push(`${field}${indexes.map((at) => `[${at}]`).join('')}`);
  return place;
}

function describeMistake({ at, message }: Mistake, value: unknown): string {
  const place = placeOf(at, caseNames(value)).join(', ');
  return `${place || at || 'the document'}: ${message}`;
}

function caseNames(value: unknown): readonly unknown[] {
  const { cases } = Object(value) as { cases?: unknown };
  return Array.isArray(cases) ? cases.map((one) => (Object(one) as { case?: unknown }).case) : [];
}

const wrong = (file: string, mistakes: readonly string[]): CliError =>
  new CliError('The inputs are not of the right form:', {
    mistakes,
    where: file,
    hint: `The form is ${EXAMPLE}; data may also be nested lists.`,
    exitCode: EXIT.usage,
  });
