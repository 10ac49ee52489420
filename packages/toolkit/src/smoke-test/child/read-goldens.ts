/** Reads the golden files of a test, in the child: a golden of a hundred megabytes must not stall the agent. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { accept, type Result, refuse } from '@fairlead/shared/failure';
import { parse } from '@fairlead/shared/parse';
import { type GoldenCase, GoldenFile } from '@fairlead/shared/release/golden';
import { type Finding, finding } from '../findings.ts';
import { checkFile, type FileOrder } from './check-file.ts';

/** All cases of all files, each named by its file too. */
export async function readGoldens(
  order: FileOrder,
  paths: readonly string[],
): Promise<Result<readonly GoldenCase[], Finding>> {
  const cases: GoldenCase[] = [];
  for (const path of paths) {
    const checked = await checkFile(order, path);
    if (!checked.ok) return checked;
    const read = await readJson(join(order.folder, path));
    if (!read.ok) return refuse(finding('golden_invalid', path, read.refused));
    const file = parse(GoldenFile, read.value);
    if (!file.ok) {
      const wrong = file.refused.map(({ at, message }) => `${at} ${message}`).slice(0, 3);
      return refuse(finding('golden_invalid', path, `It is not a golden file: ${wrong.join('; ')}.`));
    }
    cases.push(...file.value.cases.map((one) => ({ ...one, case: `${path} ${one.case}` })));
  }
  return accept(cases);
}

async function readJson(file: string): Promise<Result<unknown, string>> {
  try {
    const text = await readFile(file, 'utf8');
    // RFC 8259, section 8.1: a reader may ignore a byte order mark. Editors on Windows write one.
    return accept(JSON.parse(text.startsWith('\uFEFF') ? text.slice(1) : text));
  } catch (error) {
    return refuse(`It is not JSON: ${error instanceof Error ? error.message : 'unknown error'}.`);
  }
}
