import { spawnSync } from 'node:child_process';
import { expect, test } from 'vitest';

test('a reader that has read enough ends a command without a word', () => {
  const module = import.meta.resolve('./closed-pipe.ts');
  const script = `import { endQuietlyOnClosedPipe } from '${module}';
    endQuietlyOnClosedPipe(process.stdout);
    setInterval(() => process.stdout.write('x'.repeat(100_000)), 1);`;
  // Whatever it says on its way out would arrive here, on stderr.
  const piped = '"$1" --no-warnings --input-type=module -e "$2" | head -c 1';
  const { stdout, stderr } = spawnSync('sh', ['-c', piped, 'sh', process.execPath, script], {
    encoding: 'utf8',
    timeout: 20_000,
  });
  expect({ stdout, stderr }).toEqual({ stdout: 'x', stderr: '' });
});
