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

test('blue-green by the clock sends its gates, its time-out and its time', async () => {
  const options = ['--strategy', 'blue-green', '--switch-at', '2099-11-24 02:00', '--zone', 'Europe/Berlin'];
  const line = ['deploy', '--all', '--release', 'walking@2.0.0', ...options, '--max-failures', '1', '--timeout', '2h'];
  const { asked } = await runFairlead(line, { script: {} });
  expect(asked[0]?.body).toMatchObject({
    shape: {
      strategy: 'blue-green',
      switchAt: '2099-11-24T01:00:00.000Z',
      stages: [{ timeoutSec: 7200, gate: { maxFailures: 1 } }],
    },
  });
});

test('an hour that comes twice is refused with both candidates, and nothing is ordered', async () => {
  const { asked, exitCode, stderr } = await deploy('--at', '2099-10-25 02:30', '--zone', 'Europe/Berlin');
  expect({ asked, exitCode }).toEqual({ asked: [], exitCode: 2 });
  expect(stderr).toContain('2099-10-25T02:30:00+02:00 and 2099-10-25T02:30:00+01:00');
});
