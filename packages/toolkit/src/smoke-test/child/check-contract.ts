/** Compares the model that was loaded with what the manifest promises about it. */
import type { ModelContract, TensorContract } from '@fairlead/shared/release/manifest';
import { type Finding, finding } from '../findings.ts';

/** The first difference, or undefined. */
export function checkContract(found: ModelContract, promised: ModelContract): Finding | undefined {
  const say = (detail: string) => finding('contract_mismatch', found.path, detail);
  const wrong = differs('input', found.inputs, promised.inputs) ?? differs('output', found.outputs, promised.outputs);
  if (wrong) return say(wrong);
  const [is, shouldBe] = [found, promised].map(({ opsets }) => sayOpsets(opsets));
  if (is !== shouldBe) return say(`It uses operator sets ${is}; the manifest says ${shouldBe}.`);
  const extra = found.externalData.find((path) => !promised.externalData.includes(path));
  if (extra !== undefined) return say(`It reads weights from "${extra}", which the manifest does not say.`);
  return undefined;
}

function differs(
  what: string,
  found: readonly TensorContract[],
  promised: readonly TensorContract[],
): string | undefined {
  const names = new Set([...promised, ...found].map(({ name }) => name));
  for (const name of names) {
    const is = found.find((value) => value.name === name);
    const shouldBe = promised.find((value) => value.name === name);
    if (!is) return `It has no ${what} "${name}", which the manifest promises.`;
    if (!shouldBe) return `It has an ${what} "${name}", which the manifest does not know.`;
    if (say(is) !== say(shouldBe)) return `Its ${what} "${name}" is ${say(is)}; the manifest says ${say(shouldBe)}.`;
  }
  return undefined;
}

/** `float32[1,?]`: the names of symbolic dimensions are the exporter's business. */
const say = ({ dtype, shape }: TensorContract): string =>
  `${dtype}[${shape.map((size) => (typeof size === 'string' ? '?' : size)).join(',')}]`;

const sayOpsets = (opsets: ModelContract['opsets']): string =>
  Object.entries(opsets)
    .map(([domain, version]) => `${domain} ${version}`)
    .toSorted((a, b) => (a < b ? -1 : 1))
    .join(', ');
