/** `npm run check`: format, lint, types, dead code, unit tests, in that order; stops at the first red. */
import { spawnSync } from 'node:child_process';

const CHECKS = [
  ['format', 'biome', ['check', '--error-on-warnings', '.']],
  ['lint', 'oxlint', ['--type-aware', '--deny-warnings']],
  ['types', 'tsc', []],
  ['dead code', 'knip', []],
  ['unit tests', 'vitest', ['run', '--project', 'unit', '--project', 'repository', '--reporter', 'dot']],
] as const;

for (const [name, command, args] of CHECKS) {
  const started = performance.now();
  const { status } = spawnSync(command, args, { stdio: 'inherit' });
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  console.log(`${status === 0 ? '✓' : '✗'} ${name} (${seconds} s)`);
  if (status !== 0) process.exit(1);
}
