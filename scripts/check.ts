/**
 * `npm run check`: format, lint, types, dead code, then the fast tests; stops at the first red.
 * `--without-tests` leaves the tests out where they ran already.
 */
import { spawnSync } from 'node:child_process';

const CHECKS = [
  ['format', 'biome', ['check', '--error-on-warnings', '.']],
  ['lint', 'oxlint', ['--type-aware', '--deny-warnings']],
  ['types', 'tsc', []],
  ['dead code', 'knip', []],
  ['tests', 'vitest', ['run', '--project', 'unit', '--project', 'repository', '--reporter', 'dot']],
] as const;

const skipTests = process.argv.includes('--without-tests');
for (const [name, command, args] of CHECKS) {
  if (name === 'tests' && skipTests) continue;
  const started = performance.now();
  const { status } = spawnSync(command, args, { stdio: 'inherit' });
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  console.log(`${status === 0 ? '✓' : '✗'} ${name} (${seconds} s)`);
  if (status !== 0) process.exit(1);
}
