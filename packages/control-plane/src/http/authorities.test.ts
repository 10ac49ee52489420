import { testClock } from '@fairlead/shared/testing/test-clock';
import { expect, test } from 'vitest';
import { authoritiesOf, remembered } from './authorities.ts';

const machine = { hostname: 'Base', addresses: ['192.168.1.5', 'fe80::1'] };

test('without configuration the server answers to every name of its machine', () => {
  const names = authoritiesOf([], 7300, machine);
  expect(names).toEqual(
    ['localhost', '127.0.0.1', '[::1]', 'base', '192.168.1.5', '[fe80::1]'].map((name) => `${name}:7300`),
  );
});

test('configured names replace them; one without a port is also reached through a proxy', () => {
  expect(authoritiesOf(['Fleet.example', 'other:8443'], 7300, machine)).toEqual([
    'fleet.example',
    'fleet.example:7300',
    'other:8443',
  ]);
});

test('an address that the machine is given is known to it within seconds', () => {
  const clock = testClock(10_000);
  let reads = 0;
  const read = remembered(() => ++reads, clock, 5000);
  expect([read(), read()]).toEqual([1, 1]);
  clock.pass(5000);
  expect([read(), read()]).toEqual([2, 2]);
  clock.pass(-60_000);
  expect(read()).toBe(3);
});
