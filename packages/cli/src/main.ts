/** `fairlead`: composition root of the command line. */

import { endQuietlyOnClosedPipe } from '@fairlead/toolkit/closed-pipe';
import { openOutbound } from '@fairlead/toolkit/http/outbound';
import { undiciTransport } from '@fairlead/toolkit/http/undici-transport';
import { createContext } from './context.ts';
import { outboundOptions } from './outbound-options.ts';
import { createProgram } from './program.ts';
import { runProgram } from './run-program.ts';

endQuietlyOnClosedPipe(process.stdout);
const program = createProgram((options) => {
  const send = openOutbound(() => outboundOptions(options(), process.env));
  return createContext({
    env: process.env,
    stdin: process.stdin,
    stdout: process.stdout,
    stderr: process.stderr,
    transport: undiciTransport({ send }),
    send,
    options,
  });
});
process.exitCode = await runProgram(program, process.argv.slice(2), process.stderr);
