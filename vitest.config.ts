import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { defineConfig } from 'vitest/config';

// Robots that tests kill leave their disks behind; all of them live in one folder, which goes with the run.
const disks = mkdtempSync(join(tmpdir(), 'fairlead-t-'));
// PostgreSQL refuses to be root: as nobody it must get to its folder in here.
chmodSync(disks, 0o711);
process.env['TMPDIR'] = disks;
process.on('exit', () => {
  if (!process.env['KEEP_FLEETS']) rmSync(disks, { recursive: true, force: true });
});

// Real processes on a borrowed, busy machine: CI tries such a test a second time before it calls a robot broken, and
// says so in its output. At a desk there is no second try.
const retry = process.env['CI'] ? 1 : 0;

/** Each project is one kind of proof; `npm test` runs them all. `seconds` only ends a test that hangs: no test measures time. */
const project = (name: string, include: string[], seconds: number) => ({
  test: { name, include, testTimeout: seconds * 1000, hookTimeout: seconds * 1000, retry },
});

export default defineConfig({
  test: {
    pool: 'forks',
    maxWorkers: 2,
    projects: [
      project('unit', ['packages/*/src/**/*.test.ts'], 90),
      project('attack', ['tests/attack/**/*.test.ts'], 60),
      project('models', ['tests/models/**/*.test.ts'], 120),
      project('crash', ['tests/crash/**/*.test.ts'], 180),
      // A campaign judges its robots by their progress; this only ends a test that hangs.
      project('campaign', ['tests/campaign/**/*.test.ts'], 3600),
      project('formats', ['tests/formats/**/*.test.ts'], 60),
      project('faults', ['tests/faults/**/*.test.ts'], 180),
      project('network', ['tests/network/**/*.test.ts'], 180),
      project('simulation', ['tests/simulation/**/*.test.ts'], 300),
      project('system', ['tests/system/**/*.test.ts'], 180),
      project('replicas', ['tests/replicas/**/*.test.ts'], 300),
      project('guest', ['tests/guest/**/*.test.ts'], 900),
      project('package', ['tests/package/**/*.test.ts'], 180),
      project('repository', ['tests/repository/**/*.test.ts'], 120),
    ],
  },
});
