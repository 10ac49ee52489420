import { expect, test } from 'vitest';
import { checkSections } from './check-sections.ts';

const duck = { component: 'duck', version: '1.0.0' };
const mistakes = (bend: Partial<Parameters<typeof checkSections>[0]>) =>
  checkSections({ ...duck, ...bend }).map(({ at, message }) => `${at}: ${message}`);

test('sound sections have no mistakes', () => {
  const requires = { jetpack: '>=6.0', minAgent: '^0.1.0' };
  expect(mistakes({ requires, state: { backup: ['/var/lib/duck/calibration'] } })).toEqual([]);
});

test('a range that is none is told by its key', () => {
  expect(mistakes({ requires: { jetpack: 'six', minAgent: '>=0.1' } })).toEqual([
    '/requires/jetpack: "six" is not a semver range, such as ">=6.0" or "^2.1.0"',
  ]);
});

test('a version that only looks semantic is refused', () => {
  expect(mistakes({ version: '1.0.0-01' })).toEqual(['/version: "1.0.0-01" is not a semantic version']);
});

test('a component that requires itself could never be installed', () => {
  expect(checkSections({ ...duck, requires: { components: { ['duck' as never]: '>=1.0.0' } } })).toHaveLength(1);
});

test('a model without goldens needs a deliberate word', () => {
  const model = 'policy.onnx' as never;
  expect(mistakes({ smokeTests: [{ onnx: { model } }] })).toHaveLength(1);
  expect(mistakes({ smokeTests: [{ onnx: { model, requireGoldens: false } }] })).toEqual([]);
});

test.each(['/', '/var/../etc', '/var//lib', '/./x', '/var/'])('the state path %s is refused', (path) => {
  expect(mistakes({ state: { backup: [path] } })).toHaveLength(1);
});

test('monitoring without health checks and without services has nothing to monitor and is refused', () => {
  const monitoring = { intervalSec: 10 };
  expect(mistakes({ monitoring })).toEqual([
    '/monitoring: there is nothing to monitor: declare healthChecks or services, or leave monitoring out',
  ]);
  expect(mistakes({ monitoring, services: ['duck'] })).toEqual([]);
  expect(mistakes({ monitoring, healthChecks: [{ tcp: { port: 9208 } }] })).toEqual([]);
});
