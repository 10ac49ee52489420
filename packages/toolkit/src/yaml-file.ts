/**
 * Files that people write: YAML checked against a schema, with every mistake reported by file, line and key. Used for
 * `release.yaml`, `agent.yaml` and the control plane's configuration.
 */
import { accept, type Result, refuse } from '@fairlead/shared/failure';
import { type Mistake, parse } from '@fairlead/shared/parse';
import type { Static, TSchema } from 'typebox';
import { type Document, isMap, isScalar, LineCounter, parseAllDocuments } from 'yaml';
import { checkSyntax } from './yaml/check-syntax.ts';
import { decodeText } from './yaml/decode-text.ts';
import { explainValue } from './yaml/explain-value.ts';

export interface YamlMistake {
  readonly file: string;
  /** One-based; the line of the nearest enclosing key where the offending key is absent. */
  readonly line: number;
  /** Dotted: `services.commands.duck.run.0`; '' for the whole document. */
  readonly key: string;
  readonly message: string;
}

export interface YamlFile<T> {
  readonly value: T;
  /** Reports by line what was found out about the value later, such as a path that does not exist. */
  readonly locate: (mistakes: readonly Mistake[]) => readonly YamlMistake[];
}

/** A file with its mistakes and, for further checks, with what is right in it. */
export interface ExaminedYaml<T> {
  readonly mistakes: readonly YamlMistake[];
  readonly locate: YamlFile<T>['locate'];
  /** The file without its wrong top-level keys; absent where what is left does not satisfy the schema. */
  readonly value?: T;
  /** The top-level keys that `value` lacks, or has from `defaults`, because they are wrong. */
  readonly omitted: ReadonlySet<string>;
}

/** Reads `content` (bytes or text of `file`) as one YAML 1.2 document of the given form. An empty document is `{}`. */
export function openYaml<S extends TSchema>(
  schema: S,
  content: Uint8Array | string,
  file: string,
): Result<YamlFile<Static<S>>, readonly YamlMistake[]> {
  const { mistakes, value, locate } = examineYaml(schema, content, file);
  return mistakes.length > 0 || value === undefined ? refuse(mistakes) : accept({ value, locate });
}

/**
 * The same, for those who report further mistakes in the same run. `defaults` take the place of top-level keys that are
 * wrong or missing; the mistakes say so, and nothing else may be done with such a value than to check the rest of it.
 */
export function examineYaml<S extends TSchema>(
  schema: S,
  content: Uint8Array | string,
  file: string,
  defaults: Readonly<Record<string, unknown>> = {},
): ExaminedYaml<Static<S>> {
  const failed = (mistakes: readonly YamlMistake[]) => ({ mistakes, locate: () => [], omitted: new Set<string>() });
  const decoded = decodeText(content);
  if (!decoded.ok) return failed([{ file, line: 1, key: '', message: decoded.refused }]);
  const lines = new LineCounter();
  const options = { uniqueKeys: true, stringKeys: true, prettyErrors: false, logLevel: 'silent' } as const;
  const documents = [...parseAllDocuments(decoded.value.text, { ...options, lineCounter: lines })];
  const syntax = checkSyntax(decoded.value.text, documents, decoded.value.isDamaged);
  const lineAt = (offset: number): number => lines.linePos(offset).line || 1;
  const found = syntax.map(({ offset, message }): YamlMistake => ({ file, line: lineAt(offset), key: '', message }));
  if (syntax.some(({ isReadable }) => !isReadable)) return failed(found);

  const document = documents[0];
  const locate = (mistakes: readonly Mistake[]): readonly YamlMistake[] =>
    mistakes.map(({ at, message, unknownKey }) => {
      // An unknown key is reported of its parent; people look for the key itself.
      const path = unknownKey === undefined ? pathOf(at) : [...pathOf(at), unknownKey];
      return { file, line: document ? lineAt(offsetOf(document, path)) : 1, key: path.join('.'), message };
    });
  const value = document ? toValue(document) : {};
  if (value === undefined) return failed([...found, { file, line: 1, key: '', message: 'too many aliases' }]);
  const parsed = parse(schema, value ?? {});
  if (parsed.ok) return { mistakes: found, value: parsed.value, locate, omitted: new Set() };
  const explained = parsed.refused.map((mistake) => explain(schema, value, document, mistake));
  const omitted = new Set(parsed.refused.map(({ at, unknownKey }) => pathOf(at)[0] ?? unknownKey ?? ''));
  const rest = Object.entries(value ?? {}).filter(([key]) => !omitted.has(key));
  const sound = parse(schema, { ...defaults, ...Object.fromEntries(rest) });
  return { mistakes: [...found, ...locate(explained)], locate, omitted, ...(sound.ok && { value: sound.value }) };
}

/** `agent.yaml:7: services.manager: must be one of process, systemd` */
export const sayYamlMistake = ({ file, line, key, message }: YamlMistake): string =>
  key === '' ? `${file}:${line}: ${message}` : `${file}:${line}: ${key}: ${message}`;

function explain(schema: TSchema, value: unknown, document: Document.Parsed | undefined, mistake: Mistake): Mistake {
  if (!mistake.expected || !document) return mistake;
  const path = pathOf(mistake.at).map(asIndex);
  const fits = (candidate: unknown): boolean => {
    const parsed = parse(schema, replaced(value, path, candidate));
    const isHere = ({ at }: Mistake): boolean =>
      at === mistake.at || (candidate === undefined && isParent(at, mistake.at));
    return parsed.ok || !parsed.refused.some(isHere);
  };
  return { ...mistake, message: explainValue(document.getIn(path, true), mistake.expected, fits) };
}

const isParent = (at: string, child: string): boolean => child.slice(0, child.lastIndexOf('/')) === at;

/** A copy with another value at `path`; undefined takes the key away. */
function replaced(value: unknown, path: readonly (string | number)[], candidate: unknown): unknown {
  const [step, ...rest] = path;
  if (step === undefined) return candidate;
  if (Array.isArray(value)) return value.map((item, at) => (at === step ? replaced(item, rest, candidate) : item));
  const entries = Object.entries(value ?? {}).map(([key, item]) => [
    key,
    key === String(step) ? replaced(item, rest, candidate) : item,
  ]);
  return Object.fromEntries(entries.filter(([, item]) => item !== undefined));
}

/** Aliases are capped, or a small file could become a huge value; undefined where the cap was reached. */
function toValue(document: Document.Parsed): unknown {
  try {
    return document.toJS({ maxAliasCount: 100 });
  } catch (error) {
    if (error instanceof ReferenceError) return undefined;
    throw error;
  }
}

const pathOf = (pointer: string): string[] =>
  pointer
    .split('/')
    .slice(1)
    .map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'));

/** Where the deepest key of `path` stands that the document has. */
function offsetOf(document: Document.Parsed, path: readonly string[]): number {
  for (let depth = path.length; depth > 0; depth--) {
    const steps = path.slice(0, depth).map(asIndex);
    const parent = depth > 1 ? document.getIn(steps.slice(0, -1), true) : document.contents;
    const pair = isMap(parent)
      ? parent.items.find(({ key }) => isScalar(key) && key.value === path[depth - 1])
      : undefined;
    const start = startOf(pair?.key) ?? startOf(document.getIn(steps, true));
    if (start !== undefined) return start;
  }
  return 0;
}

function startOf(node: unknown): number | undefined {
  const range = typeof node === 'object' && node !== null && 'range' in node ? node.range : undefined;
  return Array.isArray(range) && typeof range[0] === 'number' ? range[0] : undefined;
}

const asIndex = (step: string): string | number => (/^[0-9]+$/.test(step) ? Number(step) : step);
