import { defineConfig } from 'vitest/config';

/** Each project is one kind of proof; `npm test` runs them all. */
const project = (name: string, include: string[], seconds: number) => ({
  test: { name, include, testTimeout: seconds * 1000, hookTimeout: seconds * 1000 },
});

export default defineConfig({
  test: {
    pool: 'forks',
    maxWorkers: 2,
    projects: [
      project('unit', ['packages/*/src/**/*.test.ts'], 30),
      project('attack', ['tests/attack/**/*.test.ts'], 60),
      project('models', ['tests/models/**/*.test.ts'], 120),
      project('crash', ['tests/crash/**/*.test.ts'], 180),
      project('system', ['tests/system/**/*.test.ts'], 180),
      project('repository', ['tests/repository/**/*.test.ts'], 120),
    ],
  },
});
