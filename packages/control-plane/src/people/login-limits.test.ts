import { testClock } from '@fairlead/shared/testing/test-clock';
import { DAY, MINUTE } from '@fairlead/shared/time';
import { expect, test } from 'vitest';
import { refusal } from '../testing/refusal.ts';
import { PASSWORD, type TestControlPlane, testControlPlane } from '../testing/test-control-plane.ts';
import { loginLimits } from './login-limits.ts';
import { networkOf } from './network-of.ts';

const HOME = '192.0.2.1';

function guessEverywhere(limits: ReturnType<typeof loginLimits>, account: string): number {
  let allowed = 0;
  for (let n = 0; n < 200; n++) {
    if (limits.take(account, `198.51.100.${n}`) > 0) continue;
    allowed += 1;
    limits.failed(account);
  }
  return allowed;
}

test('attack 125: guesses at one account from many networks are few, and lock its owner out of no known place', () => {
  const clock = testClock();
  const limits = loginLimits(clock);
  expect(limits.take('alice', HOME)).toBe(0);
  limits.succeeded('alice', HOME);
  expect(guessEverywhere(limits, 'alice')).toBe(20);
  expect(limits.take('alice', '203.0.113.9')).toBeGreaterThan(0);
  expect(limits.take('alice', HOME)).toBe(0);
  expect(limits.take('bob', '198.51.100.1')).toBe(0);
  clock.pass(MINUTE);
  expect(guessEverywhere(limits, 'alice')).toBe(1);
});

test('a place is forgotten after a month, and the right password costs nothing', () => {
  const clock = testClock();
  const limits = loginLimits(clock);
  for (let n = 0; n < 100; n++) {
    expect(limits.take('alice', HOME)).toBe(0);
    limits.succeeded('alice', HOME);
  }
  clock.pass(31 * DAY);
  guessEverywhere(limits, 'alice');
  expect(limits.take('alice', HOME)).toBeGreaterThan(0);
});

test('attack 125: one network tries few passwords, whatever the account and however many addresses it has', () => {
  const limits = loginLimits(testClock());
  const tries = Array.from({ length: 100 }, (_, n) => limits.take(`person-${n}`, `2001:db8:0:7::${n.toString(16)}`));
  expect(tries.filter((wait) => wait === 0)).toHaveLength(20);
});

test.each([
  ['192.0.2.1', '192.0.2.1'],
  ['::ffff:192.0.2.1', '192.0.2.1'],
  ['2001:DB8:0:0:1:2:3:4', '2001:db8:0:0::/64'],
  ['2001:db8::1', '2001:db8:0:0::/64'],
  ['fe80::1%eth0', 'fe80:0:0:0::/64'],
  ['::1', '0:0:0:0::/64'],
])('%s lies in the network %s', (address, network) => {
  expect(networkOf(address)).toBe(network);
});

test('attack 125: while strangers try passwords, sessions work, and their holders change their password', async () => {
  const controlPlane: TestControlPlane = await testControlPlane();
  const { operator } = await controlPlane.as('operator');
  const login = { name: 'the-operator', password: 'a guess' };
  const guess = () => refusal(controlPlane.withToken().operator.login({ body: login }));
  while ((await guess()) !== 'rate_limited');
  expect(await refusal(operator.me())).toBe('accepted');
  const body = { password: PASSWORD, newPassword: 'seven green bottles' };
  const { token } = await operator.changeMyPassword({ body });
  expect(await refusal(controlPlane.withToken(token).operator.me())).toBe('accepted');
});
