/** The power-cut harness is itself on trial: what is wrong must be caught by it, and what is right must not be. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { sweepSandbox } from '@fairlead/agent/fault-campaign/disk/machine';
import { DISKS, proveWriter, WRITERS, type WriterName } from '@fairlead/agent/fault-campaign/harness-proof';
import { expect, onTestFinished, test } from 'vitest';
import { mayRecord } from './support/may-record.ts';

const AGENT = [process.execPath, fileURLToPath(import.meta.resolve('@fairlead/agent/main'))];
const CASES = DISKS.flatMap((disk) => (Object.keys(WRITERS) as WriterName[]).map((writer) => ({ disk, writer })));

test.runIf(mayRecord).each(CASES)('on $disk: a writer that $writer', async ({ disk, writer }) => {
  const folder = mkdtempSync(join(tmpdir(), 'fairlead-proof-'));
  onTestFinished(async () => {
    await sweepSandbox(folder);
    rmSync(folder, { recursive: true, force: true });
  });
  const proof = await proveWriter(disk, writer, { agent: AGENT, folder: join(folder, 'proof'), cuts: 60, seed: 7 });
  process.stdout.write(`${disk}, ${writer}: caught in ${proof.caught} of ${proof.cuts} cuts\n`);
  expect(proof.holds).toBe(true);
});
