/**
 * What is wrong with a YAML text before its values are looked at. Nothing that a person wrote may be dropped or changed in
 * silence: a second document, a key written twice, a plain `*.onnx` (an alias) or `!keep.txt` (a tag).
 */
import { type Document, isAlias, isScalar, type Node, visit } from 'yaml';
import { REPLACEMENT } from './decode-text.ts';

export interface SyntaxMistake {
  /** Characters from the beginning of the text. */
  readonly offset: number;
  readonly message: string;
  /** Whether the values can still be read, so that their mistakes are reported as well. */
  readonly isReadable: boolean;
}

/** At most one mistake per place, in the order of the text. `isDamaged`: bytes that are not UTF-8 were replaced. */
export function checkSyntax(
  text: string,
  documents: readonly Document.Parsed[],
  isDamaged: boolean,
): readonly SyntaxMistake[] {
  const [document, ...others] = documents;
  if (!document) return [];
  const mistakes = [
    ...syntaxErrors(text, document),
    ...nodeMistakes(text, document, isDamaged),
    ...others.slice(0, 1).flatMap((other) => (isEmpty(other) ? [] : [secondDocument(text, other)])),
  ];
  return mistakes.toSorted((a, b) => a.offset - b.offset).slice(0, 20);
}

function syntaxErrors(text: string, { errors, warnings }: Document.Parsed): SyntaxMistake[] {
  return [...errors, ...warnings].map(({ code, message, pos: [offset] }) => {
    if (code === 'DUPLICATE_KEY') {
      const key = /^[^:\r\n]*/.exec(text.slice(offset))?.[0].trim();
      return { offset, isReadable: true, message: `the key ${key} is written twice` };
    }
    if (code === 'TAG_RESOLVE_FAILED') {
      const tag = /^![^\s,\]}]*/.exec(text.slice(offset))?.[0] ?? '!';
      return { offset, isReadable: true, message: `YAML reads ${tag} as a tag: write "${tag}" in quotes` };
    }
    const hint = code === 'BAD_SCALAR_START' || code === 'BLOCK_AS_IMPLICIT_KEY' ? '; write such a text in quotes' : '';
    return { offset, isReadable: false, message: `${message}${hint}` };
  });
}

function nodeMistakes(text: string, document: Document.Parsed, isDamaged: boolean): SyntaxMistake[] {
  const mistakes: SyntaxMistake[] = [];
  const anchors = new Set<string>();
  visit(document, {
    Node: (key, node) => {
      if (isAlias(node)) {
        if (anchors.has(node.source)) return;
        const written = /^\*[^\s,\]}]*/.exec(text.slice(startOf(node)))?.[0] ?? `*${node.source}`;
        mistakes.push({
          offset: startOf(node),
          isReadable: false,
          message: `YAML reads ${written} as an alias: write "${written}" in quotes`,
        });
        return;
      }
      if ('anchor' in node && typeof node.anchor === 'string') anchors.add(node.anchor);
      if (!isScalar(node) || typeof node.value !== 'string') return;
      if (isDamaged && node.value.includes(REPLACEMENT)) {
        mistakes.push({ offset: startOf(node), isReadable: true, message: 'is not UTF-8: save the file as UTF-8' });
      }
      if (key === 'key' && node.value.startsWith('\u{FEFF}')) {
        const message = 'a byte order mark (U+FEFF) stands in the middle of the file: delete it';
        mistakes.push({ offset: startOf(node), isReadable: false, message });
      }
    },
  });
  return mistakes;
}

/** `---` or `...` with nothing but comments behind it drops nothing. */
const isEmpty = ({ contents, errors }: Document.Parsed): boolean => {
  if (errors.length > 0) return false;
  return contents === null || (isScalar(contents) && contents.value === null && !contents.source);
};

function secondDocument(text: string, document: Document.Parsed): SyntaxMistake {
  const before = text.slice(0, document.range[0]);
  const isMarked = text.startsWith('---', before.length);
  const offset = isMarked ? before.length : Math.max(0, before.lastIndexOf('...'));
  const line = text.slice(0, offset).split('\n').length;
  const marker = isMarked ? '---' : '...';
  const message = `a second YAML document begins here. One file is one document: delete the ${marker} in line ${line}`;
  return { offset, isReadable: true, message };
}

const startOf = (node: Node): number => node.range?.[0] ?? 0;
