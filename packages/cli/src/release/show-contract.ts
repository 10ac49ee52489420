import { formatType } from '@fairlead/shared/release/format-type';
import type { ModelContract, TensorContract } from '@fairlead/shared/release/manifest';
import type { Output } from '../output.ts';

/** The contract that robots hold the models to: each input and output with its type and dimensions. */
export function showContract(out: Output, models: readonly ModelContract[]): void {
  if (models.length === 0) return;
  const rows = models.flatMap(({ path, inputs, outputs }) => {
    const rowOf = (direction: string) => (tensor: TensorContract) => [path, direction, tensor.name, formatType(tensor)];
    return [...inputs.map(rowOf('input')), ...outputs.map(rowOf('output'))];
  });
  out.table(['MODEL', 'I/O', 'NAME', 'TYPE'], rows);
}
