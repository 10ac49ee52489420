#!/usr/bin/env node
/**
 * The client under test of the public TUF conformance suite (github.com/theupdateframework/tuf-conformance).
 * Exit code 0: done; 1: refused.
 *
 *   client.ts --metadata-dir D init ROOT
 *   client.ts --metadata-dir D --metadata-url U refresh
 *   client.ts --metadata-dir D --metadata-url U --target-name T --target-base-url B --target-dir X download
 */
import { runClient } from './run-client.ts';

try {
  // Date.now() and nothing else: the suite moves this process through time with libfaketime.
  process.exitCode = await runClient(process.argv.slice(2), { now: Date.now(), say: console.error });
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
