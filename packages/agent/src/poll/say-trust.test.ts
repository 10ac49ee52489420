import { expect, test } from 'vitest';
import { sayTrust } from './open-answer.ts';

test('an order is not rejected because this robot’s memory of trust is broken: it waits', () => {
  const refused = { code: 'store_damaged', detail: 'the trust database is damaged', retryable: false };
  expect(sayTrust('trust metadata', refused)).toMatchObject({ category: 'store_damaged', retryable: true });
  expect(sayTrust('walking@1.0.0', { ...refused, code: 'wrong_env' }).retryable).toBe(false);
});
