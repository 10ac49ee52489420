import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { runFairlead } from './testing/run-fairlead.ts';

test('the command line prints the version it was released as', async () => {
  const { version }: { version?: unknown } = JSON.parse(
    readFileSync(new URL('../package.json', import.meta.url), 'utf8'),
  );
  expect(await runFairlead('--version')).toMatchObject({ exitCode: 0, stdout: `${version}\n` });
});
