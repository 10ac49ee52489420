/** Whether a model gave the same answer again, bit by bit. */
import type { Tensor } from './onnx-runtime.ts';
import { readValues } from './tensor-codec.ts';

type Tensors = Readonly<Record<string, Tensor>>;

/** The first difference in words (`output "y"[3] is 7 and was 2 before`), or undefined. */
export function differenceFrom(before: Tensors, now: Tensors): string | undefined {
  for (const [name, expected] of Object.entries(before)) {
    const tensor = Object.hasOwn(now, name) ? now[name] : undefined;
    if (!tensor) return `output "${name}" is missing`;
    if (`${tensor.dims}` !== `${expected.dims}`)
      return `output "${name}" has dims [${tensor.dims}] and had [${expected.dims}] before`;
    if (haveSameBytes(expected, tensor)) continue;
    const [was, is] = [readValues(expected) ?? [], readValues(tensor) ?? []];
    const at = is.findIndex((value, index) => !Object.is(value, was[index]));
    if (at >= 0) return `output "${name}"[${at}] is ${is[at]} and was ${was[at]} before`;
  }
  return undefined;
}

/** Fast enough for every timed run: nothing is decoded. Texts have no bytes to compare. */
function haveSameBytes({ data: a }: Tensor, { data: b }: Tensor): boolean {
  if (!ArrayBuffer.isView(a) || !ArrayBuffer.isView(b)) return false;
  return Buffer.from(a.buffer, a.byteOffset, a.byteLength).equals(Buffer.from(b.buffer, b.byteOffset, b.byteLength));
}
