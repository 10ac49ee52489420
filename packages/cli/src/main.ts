/** `fairlead`: composition root of the command line. */

import { endQuietlyOnClosedPipe } from '@fairlead/toolkit/closed-pipe';
import { undiciTransport } from '@fairlead/toolkit/http/undici-transport';
import { createContext } from './context.ts';
import { createProgram } from './program.ts';
import { runProgram } from './run-program.ts';

endQuietlyOnClosedPipe(process.stdout);
const program = createProgram((options) =>
  createContext({
    env: process.env,
    stdin: process.stdin,
    stdout: process.stdout,
    stderr: process.stderr,
    transport: undiciTransport({}),
    options,
  }),
);
process.exitCode = await runProgram(program, process.argv.slice(2), process.stderr);
