/** Releases of the agent that can do what a self-test asks, and are no good all the same. */
import type { AgentRelease } from './launched-agent.ts';

/** First in their main file. */
export const SELF_TEST = "if (process.argv.includes('self-test')) { process.stdout.write('[]'); process.exit(0); }";
export const BAD_AGENTS: readonly (readonly [string, AgentRelease])[] = [
  ['crashes at its start', { version: '0.3.0', main: () => `${SELF_TEST} throw new Error('no');` }],
  ['hangs and never commits', { version: '0.3.1', main: () => `${SELF_TEST} setInterval(() => {}, 1000);` }],
  [
    "cannot read the old agent's journal",
    {
      version: '0.3.2',
      main: (good) =>
        `${SELF_TEST} JSON.parse = ((parse) => (text, ...more) => { if (/fairlead.journal.v1/.test(text)) throw new Error('what is this'); return parse(text, ...more); })(JSON.parse); await import('${good}');`,
    },
  ],
  [
    'cannot reach its files',
    {
      version: '0.3.3',
      main: () => `${SELF_TEST} import('node:fs').then(({ readFileSync }) => readFileSync('/proc/1/mem/agent.yaml'));`,
    },
  ],
  [
    'commits nothing because it dies in its probation, every time',
    {
      version: '0.3.4',
      main: (good) =>
        `${SELF_TEST} setTimeout(() => process.kill(process.pid, 'SIGKILL'), 900); await import('${good}');`,
      probationSec: 5,
    },
  ],
];
