import { expect, test } from 'vitest';
import { runFairlead } from '../testing/run-fairlead.ts';

const deploy = async (...options: readonly string[]) => {
  const line = ['deploy', '--all', '--release', 'walking@2.0.0', ...options];
  const none = { deployments: [], skipped: [] };
  const { asked, exitCode, stderr } = await runFairlead(line, { script: { 'POST /api/v1/deployments': none } });
  return { asked: asked.map(({ path }) => path), exitCode, stderr };
};

test.each([
  ['--max-failures', '1'],
  ['--min-successes', '95%'],
  ['--confidence', '0.95'],
  ['--condition', 'latency_ms<=20'],
  ['--timeout', '2h'],
  ['--max-unavailable', '2'],
  ['--on-failure', 'revert'],
  ['--new-robots', 'include'],
  ['--priority', '90'],
  ['--env', 'production'],
])('who asks for %s %s never sends every robot at once without it', async (...options) => {
  expect((await deploy(...options)).asked).toEqual(['/api/v1/rollouts']);
});

test.each([
  [['--force'], '--emergency'],
  [['--skip', 'window'], '--emergency'],
  [['--delay', '60s'], '--batch'],
  [['--staged', '--delay', '60s'], '--batch'],
  [['--switch-at', '22:00'], 'blue-green'],
  [['--staged', '--switch-at', '22:00'], 'blue-green'],
  [['--strategy', 'blue-green', '--switch-at', '22:00', '--min-successes', '95%'], '--min-successes'],
  [['--strategy', 'blue-green', '--max-unavailable', '2'], '--max-unavailable'],
  [['--strategy', 'rolling', '--stage', '10%:300s'], '--stage'],
  [['--strategy', 'blue-green', '--batch', '5'], '--batch'],
  [['--staged', '--batch', '5'], '--staged'],
  [['--staged', '--stage', '3:10m'], '--staged'],
  [['--staged', '--strategy', 'all-at-once'], '--staged'],
  [['--zone', 'Europe/Berlin'], '--zone'],
])('deploy %j is refused: a wish that would be dropped in silence', async (options, names) => {
  const { asked, exitCode, stderr } = await deploy(...options);
  expect({ asked, exitCode }).toEqual({ asked: [], exitCode: 2 });
  expect(stderr).toContain(names);
});
