/** What every store must do, run on each: describeStore('sqlite', () => …). Slices bring their own part. */
import { describe, expect, test } from 'vitest';
import { describeAbandoned } from './abandoned-contract.ts';
import { describeAcceptedFailures } from './accepted-failures-contract.ts';
import { describeAlarms } from './alarms-contract.ts';
import { describeDeployments } from './deployments-contract.ts';
import { describePeople } from './people-contract.ts';
import { describeReleases } from './releases-contract.ts';
import { describeRequests } from './requests-contract.ts';
import { describeRobots } from './robots-contract.ts';
import { describeRollouts } from './rollouts-contract.ts';
import { describeRules } from './rules-contract.ts';
import type { Store } from './store.ts';

export function describeStore(name: string, open: () => Promise<Store>): void {
  describe(`store: ${name}`, () => {
    describeTransactions(open);
    describePeople(open);
    describeRobots(open);
    describeRequests(open);
    describeReleases(open);
    describeDeployments(open);
    describeAbandoned(open);
    describeRollouts(open);
    describeAcceptedFailures(open);
    describeRules(open);
    describeAlarms(open);
  });
}

function describeTransactions(open: () => Promise<Store>): void {
  test('what a finished transaction wrote is there', async () => {
    const store = await open();
    await store.transaction((slices) => slices.settings.save('pace', { seconds: 5 }));
    expect(await store.settings.find('pace')).toEqual({ seconds: 5 });
  });

  test('nothing of a failed transaction is there', async () => {
    const store = await open();
    const failing = store.transaction(async (slices) => {
      await slices.settings.save('pace', 1);
      throw new Error('power cut');
    });
    await expect(failing).rejects.toThrow('power cut');
    expect(await store.settings.find('pace')).toBeUndefined();
  });

  test('transactions begun at once run one after the other: no count is lost', async () => {
    const store = await open();
    await store.settings.save('count', 0);
    const add = () =>
      store.transaction(async ({ settings }) => settings.save('count', Number(await settings.find('count')) + 1));
    await Promise.all(Array.from({ length: 20 }, add));
    expect(await store.settings.find('count')).toBe(20);
  });

  test('inside a transaction the outer slices refuse instead of waiting for ever', async () => {
    const store = await open();
    await expect(store.transaction(() => store.settings.find('pace'))).rejects.toThrow('Inside a transaction');
    await expect(store.transaction(() => store.transaction(async () => {}))).rejects.toThrow('Inside a transaction');
  });
}
