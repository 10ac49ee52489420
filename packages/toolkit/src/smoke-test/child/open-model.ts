/** Loads the model by path and reads the interface that ONNX Runtime found in it. */
import { join } from 'node:path';
import { accept, type Result, refuse } from '@fairlead/shared/failure';
import { parse } from '@fairlead/shared/parse';
import { ModelContract } from '@fairlead/shared/release/manifest';
import { type Finding, finding } from '../findings.ts';
import { MAX_ELEMENTS, MAX_RANK } from './check-declaration.ts';
import { explainError } from './explain-error.ts';
import type { Inspected } from './inspect.ts';
import { InferenceSession } from './onnx-runtime.ts';

export interface OpenModel {
  readonly session: InferenceSession;
  readonly contract: ModelContract;
  readonly loadMs: number;
}

/**
 * One thread: spinning workers cost a robot half a core and its latency (ONNX.md 2). By path: loaded from a
 * buffer, external data would be looked for in the current folder. Severity 3: errors only, no ANSI warnings.
 */
export const SESSION = { intraOpNumThreads: 1, interOpNumThreads: 1, logSeverityLevel: 3 } as const;

/** The caller releases the session. */
export async function openModel(
  folder: string,
  path: string,
  inspected: Inspected,
): Promise<Result<OpenModel, Finding>> {
  const started = performance.now();
  let session: InferenceSession;
  try {
    session = await InferenceSession.create(join(folder, path), SESSION);
  } catch (error) {
    return refuse(explainError('model_unloadable', path, error, { folder }));
  }
  const loadMs = performance.now() - started;
  const contract = readContract(session, path, inspected);
  if (contract.ok) return accept({ session, contract: contract.value, loadMs });
  await session.release();
  return contract;
}

function readContract(session: InferenceSession, path: string, inspected: Inspected): Result<ModelContract, Finding> {
  const values = [...session.inputMetadata, ...session.outputMetadata];
  const unfit = values.find((value) => !value.isTensor);
  if (unfit) return refuse(finding('unsupported_type', path, `"${unfit.name}" is not a tensor.`));
  const deep = values.find((value) => value.isTensor && value.shape.length > MAX_RANK);
  if (deep) return refuse(finding('too_large', path, `"${deep.name}" has more than ${MAX_RANK} dimensions.`));
  const tensors = (list: typeof session.inputMetadata) =>
    list.map((value) =>
      value.isTensor ? { name: value.name, dtype: value.type, shape: [...value.shape] } : { name: value.name },
    );
  const found = {
    path,
    inputs: tensors(session.inputMetadata),
    outputs: tensors(session.outputMetadata),
    opsets: inspected.opsets,
    externalData: inspected.weights,
  };
  const contract = parse(ModelContract, found);
  if (!contract.ok) {
    const wrong = contract.refused.map(({ at, message }) => `${at} ${message}`).join('; ');
    return refuse(finding('model_unloadable', path, `Its interface cannot be used: ${wrong}.`));
  }
  for (const { name, shape } of [...contract.value.inputs, ...contract.value.outputs]) {
    const elements = shape.reduce<number>((product, size) => product * (typeof size === 'number' ? size : 1), 1);
    if (elements > MAX_ELEMENTS) {
      return refuse(finding('too_large', path, `"${name}" has ${elements} elements; at most ${MAX_ELEMENTS}.`));
    }
  }
  return accept(contract.value);
}
