/**
 * Files that people write: YAML checked against a schema, with every mistake told by file, line and key. Used
 * for `release.yaml`, `agent.yaml` and the control plane's configuration.
 */
import { accept, type Result, refuse } from '@fairlead/shared/failure';
import { parse } from '@fairlead/shared/parse';
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

/** Reads `text` (the content of `file`) as one YAML 1.2 document of the given form. An empty document is `{}`. */
export function parseYaml<S extends TSchema>(
  schema: S,
  text: string,
  file: string,
): Result<Static<S>, readonly YamlMistake[]> {
  const lines = new LineCounter();
  // `uniqueKeys` refuses a key written twice; aliases are capped so that a small file can't become a huge value.
  const document = parseDocument(text, { lineCounter: lines, uniqueKeys: true, prettyErrors: false });
  const [broken] = document.errors;
  if (broken) return refuse([{ file, line: lines.linePos(broken.pos[0]).line, key: '', message: broken.message }]);
  const parsed = parse(schema, document.toJS({ maxAliasCount: 100 }) ?? {});
  if (parsed.ok) return accept(parsed.value);
  return refuse(
    parsed.refused.map(({ at, message, unknownKey }) => {
      // An unknown key is reported of its parent; people look for the key itself.
      const path = unknownKey === undefined ? pathOf(at) : [...pathOf(at), unknownKey];
      return { file, line: lineOf(document, lines, path), key: path.join('.'), message };
    }),
  );
}

/** `agent.yaml:7: services.manager: must be one of process, systemd` */
export const sayYamlMistake = ({ file, line, key, message }: YamlMistake): string =>
  key === '' ? `${file}:${line}: ${message}` : `${file}:${line}: ${key}: ${message}`;

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
