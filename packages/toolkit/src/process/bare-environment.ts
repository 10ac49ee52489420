/** The environment of a program that must not be trusted: no NODE_OPTIONS, no tokens, no LD_PRELOAD, nothing of ours. */
import { dirname } from 'node:path';

/** `home`: its HOME and TMPDIR, absolute. */
export const bareEnvironment = (home: string): Record<string, string> => ({
  // Ours last, so that a self-test written for Node finds one.
  PATH: `/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:${dirname(process.execPath)}`,
  LANG: 'C.UTF-8',
  HOME: home,
  TMPDIR: home,
});
