/** What a service manager does with `Restart=always`, without one: `restart-always.ts PROGRAM ARGS...`, until SIGTERM. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';

const [program = '', ...args] = process.argv.slice(2);
let isStopping = false;
let child: ChildProcess | undefined;
process.on('SIGTERM', () => {
  isStopping = true;
  child?.kill('SIGTERM');
});
while (!isStopping) {
  child = spawn(program, args, { stdio: 'inherit' });
  await once(child, 'exit');
  await pause(200);
}
