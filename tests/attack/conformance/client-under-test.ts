/** Drives the conformance client against a simulator over real HTTP and sees what the suite would see. */
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseOwn } from '@fairlead/shared/trust/parse-own';
import { Type } from 'typebox';
import { onTestFinished } from 'vitest';
import { runClient } from '../../conformance/run-client.ts';
import { NOW } from '../support/fleet-repository.ts';
import type { Simulator } from './simulator.ts';

const Versioned = Type.Object({ signed: Type.Object({ version: Type.Integer() }) });

export interface ClientUnderTest {
  init(root?: string): Promise<number>;
  refresh(now?: number): Promise<number>;
  download(target: string, now?: number): Promise<number>;
  /** `role version` of everything that was asked of the server, in order. */
  readonly asked: string[];
  /** Name -> version of the metadata that the client shows as trusted. */
  trusted(): Record<string, number>;
  text(role: string): string | undefined;
  /** Contents of what was downloaded, in any order. */
  downloads(): string[];
  readonly commandLine: (command: 'refresh') => string[];
}

/** Everything is gone when the test ends. */
export async function clientOf(simulator: Simulator): Promise<ClientUnderTest> {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    const path = request.url ?? '';
    asked.push(path.replace(/^\/(metadata|targets)\//, '').replace(/\.json$/, ''));
    const text = simulator.answer(path);
    response.writeHead(text === undefined ? 404 : 200).end(text ?? '');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const folder = mkdtempSync(join(tmpdir(), 'fairlead-conformance-'));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
    rmSync(folder, { recursive: true });
  });
  const [metadata, targets] = [join(folder, 'metadata'), join(folder, 'targets')];
  const run = (args: readonly string[], now = NOW) =>
    runClient(['--metadata-dir', metadata, ...args], { now, say: () => undefined });
  const repository = ['--metadata-url', `${base}/metadata/`];
  const read = (role: string): string | undefined => {
    const file = join(metadata, `${role}.json`);
    return existsSync(file) ? readFileSync(file, 'utf8') : undefined;
  };
  return {
    asked,
    init(root = simulator.newest('root')) {
      const file = join(folder, 'initial_root.json');
      writeFileSync(file, root);
      return run(['init', file]);
    },
    refresh: (now) => run([...repository, 'refresh'], now),
    download: (target, now) =>
      run(
        [
          ...repository,
          '--target-name',
          target,
          '--target-dir',
          targets,
          '--target-base-url',
          `${base}/targets/`,
          'download',
        ],
        now,
      ),
    trusted: () =>
      Object.fromEntries(
        readdirSync(metadata)
          .filter((name) => name.endsWith('.json'))
          .map((name) => name.slice(0, -5))
          .map((role) => [role, parseOwn(Versioned, read(role) ?? '').signed.version]),
      ),
    text: read,
    downloads: () =>
      existsSync(targets) ? readdirSync(targets).map((name) => readFileSync(join(targets, name), 'utf8')) : [],
    commandLine: (command) => ['--metadata-dir', metadata, ...repository, command],
  };
}

/** A client that has its root, over a fresh repository. */
export async function begin(simulator: Simulator): Promise<ClientUnderTest> {
  const client = await clientOf(simulator);
  if ((await client.init()) !== 0) throw new TypeError('init was refused');
  return client;
}
