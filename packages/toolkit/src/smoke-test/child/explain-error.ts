/** ONNX Runtime's errors are text only: this table gives the few that matter a category of their own. */
import { type Category, type Finding, finding } from '../findings.ts';

const BY_TEXT: readonly (readonly [RegExp, Category])[] = [
  [/bad_alloc|failed to allocate|out of memory|cannot allocate/i, 'too_much_memory'],
  [/unsupported data type|non tensor type/i, 'unsupported_type'],
  // A weight of more than 2 GiB; the sentence goes on about external data, so this row comes first.
  [/byte limit/i, 'too_large'],
  [/external (data|initializer)/i, 'external_data'],
  [/till opset/i, 'unsupported_opset'],
];

/** `folder` is cut from the text: a robot's paths mean nothing to the person who reads it. */
export function explainError(
  otherwise: Category,
  model: string,
  error: unknown,
  { folder = '', who = '' }: { readonly folder?: string; readonly who?: string } = {},
): Finding {
  const message = error instanceof Error ? error.message : String(error);
  const text = (folder === '' ? message : message.replaceAll(`${folder}/`, '')).slice(0, 1000);
  const category = BY_TEXT.find(([pattern]) => pattern.test(text))?.[1] ?? otherwise;
  return finding(category, model, who === '' ? text : `${who}: ${text}`);
}
