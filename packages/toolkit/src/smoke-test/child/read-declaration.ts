/**
 * Reads what a model file declares, without running anything: operator sets, inputs, outputs and where its
 * weights lie. ONNX Runtime does not tell these before it loads, and loading is what must be decided.
 * It is never the only judge: whatever it lets pass, ONNX Runtime and the goldens look at again.
 *
 * Hostile input: a work list instead of recursion (a thousand nested subgraphs cost a thousand entries, no
 * stack), every byte looked at once per nesting level, names and lists bounded. Field numbers: onnx.proto3.
 */
import { readFile, stat } from 'node:fs/promises';
import { accept, type Result, refuse } from '@fairlead/shared/failure';
import { type Finding, finding } from '../findings.ts';
import { type ExternalRange, readExternalRange } from './read-external-range.ts';
import { type DeclaredValue, readValueInfo } from './read-value-info.ts';
import { eachField, type Field } from './wire.ts';

export interface ModelDeclaration {
  readonly opsets: Readonly<Record<string, number>>;
  readonly inputs: readonly DeclaredValue[];
  readonly outputs: readonly DeclaredValue[];
  /** Where tensors stored outside the file lie, as written. */
  readonly externalData: readonly ExternalRange[];
}

/** protobuf's own limit, and therefore ONNX's: larger models must keep their weights outside. */
const MAX_MODEL_BYTES = 2 ** 31 - 1;
const MAX_DEPTH = 200;
const MAX_EXTERNAL = 100_000;

type Kind = 'model' | 'graph' | 'node' | 'attribute' | 'function' | 'sparse' | 'tensor';
/** Which fields lead to further messages that may hold tensors. */
const INTO: Readonly<Record<Kind, Readonly<Record<number, Kind>>>> = {
  model: { 7: 'graph', 25: 'function' },
  graph: { 1: 'node', 5: 'tensor', 15: 'sparse' },
  node: { 5: 'attribute' },
  attribute: { 5: 'tensor', 6: 'graph', 10: 'tensor', 11: 'graph', 22: 'sparse', 23: 'sparse' },
  function: { 7: 'node', 11: 'attribute' },
  sparse: { 1: 'tensor', 2: 'tensor' },
  tensor: {},
};

export async function readDeclaration(file: string): Promise<Result<ModelDeclaration, Finding>> {
  const no = (detail: string) => refuse(finding('model_unloadable', 'model', detail));
  const { size } = await stat(file);
  if (size === 0) return no('The file is empty.');
  if (size > MAX_MODEL_BYTES) return refuse(finding('too_large', 'model', `The file has ${size} bytes, over 2 GiB.`));
  try {
    return accept(walk(await readFile(file)));
  } catch (error) {
    return no(`It is not an ONNX model: ${error instanceof Error ? error.message : 'unreadable'}.`);
  }
}

function walk(bytes: Uint8Array): ModelDeclaration {
  const opsets = new Map<string, number>();
  const inputs: DeclaredValue[] = [];
  const outputs: DeclaredValue[] = [];
  const initialised = new Set<string>();
  const external: ExternalRange[] = [];
  const todo: { kind: Kind; bytes: Uint8Array; depth: number }[] = [{ kind: 'model', bytes, depth: 0 }];
  for (let next = todo.pop(); next; next = todo.pop()) {
    const { kind, depth } = next;
    if (depth > MAX_DEPTH) throw new Error('subgraphs are nested too deeply');
    if (kind === 'tensor') readTensor(next.bytes, depth, initialised, external);
    else {
      eachField(next.bytes, (field) => {
        const into = INTO[kind][field.number];
        if (into && field.bytes) todo.push({ kind: into, bytes: field.bytes, depth: depth + 1 });
        if (kind === 'model' && field.number === 8) readOpset(field, opsets);
        // Only the main graph's values (depth 1) are the interface.
        if (kind === 'graph' && depth === 1 && field.bytes) {
          if (field.number === 11) inputs.push(readValueInfo(field.bytes));
          if (field.number === 12) outputs.push(readValueInfo(field.bytes));
        }
      });
    }
    if (external.length > MAX_EXTERNAL) throw new Error(`more than ${MAX_EXTERNAL} external weights`);
  }
  // Before IR version 4 every initializer was listed as an input too.
  const fed = inputs.filter(({ name }) => !initialised.has(name));
  return { opsets: Object.fromEntries(opsets), inputs: fed, outputs, externalData: external };
}

function readTensor(bytes: Uint8Array, depth: number, initialised: Set<string>, external: ExternalRange[]): void {
  let outside = false;
  const entries: Uint8Array[] = [];
  eachField(bytes, (field) => {
    if (field.number === 8 && depth === 2) initialised.add(field.text());
    if (field.number === 14) outside = field.value === 1;
    if (field.number === 13 && field.bytes) entries.push(field.bytes);
  });
  if (outside || entries.length > 0) external.push(readExternalRange(entries));
}

function readOpset(field: Field, opsets: Map<string, number>): void {
  let domain = '';
  let version = 0;
  if (!field.bytes) return;
  eachField(field.bytes, (part) => {
    if (part.number === 1) domain = part.text();
    if (part.number === 2) version = part.value;
  });
  opsets.set(domain === '' ? 'ai.onnx' : domain, version);
}
