/**
 * Files that people write: YAML checked against a schema, with every mistake told by file, line and key. Used
 * for `release.yaml`, `agent.yaml` and the control plane's configuration.
 */
import { accept, type Result, refuse } from '@fairlead/shared/failure';
import { type Mistake, parse } from '@fairlead/shared/parse';
import type { Static, TSchema } from 'typebox';
import { type Document, LineCounter, parseDocument } from 'yaml';

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
  /** Tells by line what was found out about the value later, such as a path that leads nowhere. */
  readonly locate: (mistakes: readonly Mistake[]) => readonly YamlMistake[];
}

/** Reads `text` (the content of `file`) as one YAML 1.2 document of the given form. An empty document is `{}`. */
export function parseYaml<S extends TSchema>(
  schema: S,
  text: string,
  file: string,
): Result<Static<S>, readonly YamlMistake[]> {
  const opened = openYaml(schema, text, file);
  return opened.ok ? accept(opened.value.value) : opened;
}

/** The same, for those who check more than a schema can say. */
export function openYaml<S extends TSchema>(
  schema: S,
  text: string,
  file: string,
): Result<YamlFile<Static<S>>, readonly YamlMistake[]> {
  const lines = new LineCounter();
  // A key written twice is refused instead of the last one winning, and so is a tag that nobody gave a meaning.
  const options = { uniqueKeys: true, stringKeys: true, prettyErrors: false, logLevel: 'silent' } as const;
  const document = parseDocument(text, { ...options, lineCounter: lines });
  const [broken] = [...document.errors, ...document.warnings];
  if (broken) return refuse([{ file, line: lines.linePos(broken.pos[0]).line, key: '', message: broken.message }]);
  const locate = (mistakes: readonly Mistake[]): readonly YamlMistake[] =>
    mistakes.map(({ at, message, unknownKey }) => {
      // An unknown key is reported of its parent; people look for the key itself.
      const path = unknownKey === undefined ? pathOf(at) : [...pathOf(at), unknownKey];
      return { file, line: lineOf(document, lines, path), key: path.join('.'), message };
    });
  const value = toValue(document);
  if (value === undefined) return refuse([{ file, line: 1, key: '', message: 'too many aliases' }]);
  const parsed = parse(schema, value ?? {});
  return parsed.ok ? accept({ value: parsed.value, locate }) : refuse(locate(parsed.refused));
}

/** `agent.yaml:7: services.manager: must be one of process, systemd` */
export const sayYamlMistake = ({ file, line, key, message }: YamlMistake): string =>
  key === '' ? `${file}:${line}: ${message}` : `${file}:${line}: ${key}: ${message}`;

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

function lineOf(document: Document.Parsed, lines: LineCounter, path: readonly string[]): number {
  for (let depth = path.length; depth > 0; depth--) {
    const node: unknown = document.getIn(path.slice(0, depth).map(asIndex), true);
    const range = typeof node === 'object' && node !== null && 'range' in node ? node.range : undefined;
    if (Array.isArray(range) && typeof range[0] === 'number') return lines.linePos(range[0]).line;
  }
  return 1;
}

const asIndex = (step: string): string | number => (/^[0-9]+$/.test(step) ? Number(step) : step);
