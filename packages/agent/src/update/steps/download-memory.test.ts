/** What a download leaves in the memory of the agent, measured in a process of its own. */
import { execFile } from 'node:child_process';
import { mkdtemp, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { promisify } from 'node:util';
import { manifestBytes } from '@fairlead/shared/release/parse-manifest';
import { sampleManifest } from '@fairlead/shared/release/testing/sample-manifest';
import { sha256Hex } from '@fairlead/shared/trust/digest';
import { removeTree } from '@fairlead/toolkit/bundle/remove-tree';
import { expect, onTestFinished, test } from 'vitest';

const MIB = 1024 * 1024;
const SIZE = 300 * MIB;

test('a robot that downloads a release of 300 MB holds only a small part of it in memory, during and after', async () => {
  const server = await blobServer();
  const folder = await mkdtemp(join(tmpdir(), 'fairlead-download-'));
  onTestFinished(() => removeTree(folder));
  const bundle = { format: 'tar+zstd', size: SIZE, sha256: sha256Hex('never checked by this step') } as const;
  const manifest = join(folder, 'manifest.json');
  await writeFile(manifest, manifestBytes(sampleManifest([{ path: 'policy.onnx', content: '' }], { bundle })));
  const child = new URL('testing/download-in-child.ts', import.meta.url).pathname;
  const args = ['--expose-gc', '--no-warnings', child, server, join(folder, 'root'), manifest];
  const { stdout } = await promisify(execFile)(process.execPath, args);
  const { before, most, after }: Record<string, number> = JSON.parse(stdout);
  // With every byte retained both would be above 300. Chunks on their way take some tens of MB until they are collected.
  expect(Number(most) - Number(before)).toBeLessThan(120);
  expect(Number(after) - Number(before)).toBeLessThan(100);
});

/** Serves `SIZE` bytes under every path. */
async function blobServer(): Promise<string> {
  const server = createServer((_request, response) => {
    response.writeHead(200, { 'content-length': String(SIZE) });
    Readable.from(zeros()).pipe(response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.close().closeAllConnections();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

function* zeros(): Generator<Buffer, void> {
  const chunk = Buffer.alloc(MIB);
  for (let sent = 0; sent < SIZE; sent += MIB) yield chunk;
}
