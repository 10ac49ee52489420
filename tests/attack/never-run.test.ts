/** TRUST.md section 6, 48: a release that must never run does not stay where it runs already. */
import { memoryAlarmRegister } from '@fairlead/agent/alarms/memory-alarm-register';
import { createEnforcer } from '@fairlead/agent/poll/enforce-never-run';
import { accept, type Result, refuse } from '@fairlead/shared/failure';
import type { ComponentState } from '@fairlead/shared/fleet/robot-facts';
import type { Version } from '@fairlead/shared/ids';
import { sha256Hex } from '@fairlead/shared/trust/digest';
import type { ReportEvent } from '@fairlead/shared/trust/report';
import { expect, test } from 'vitest';
import { NOW } from './support/fleet-repository.ts';
import { COMPONENT, makeOrderedRobot } from './support/ordered-robot.ts';

const release = (name: string) => ({ version: '1.0.0' as Version, manifestSha256: sha256Hex(name) });
const deny = (name: string, severity: 'stop' | 'never-run') => ({
  sha256: sha256Hex(name),
  release: name,
  reason: 'falls over',
  severity,
});

/** A robot that runs `bad` and came from `previous`. */
async function robotRunningBad(previous?: string, wentBackTo: Result<void> = accept(undefined)) {
  const { robot, publishPolicy } = await makeOrderedRobot();
  const told: ReportEvent[] = [];
  const wentBack: string[] = [];
  const state: ComponentState = {
    component: COMPONENT,
    active: release('bad'),
    ...(previous !== undefined && { previous: release(previous) }),
  };
  const enforce = createEnforcer({
    environment: 'production',
    trust: robot.store,
    updater: {
      components: async () => [state],
      rollBackLocally: async (component, by) => {
        wentBack.push(`${component} by ${by}`);
        return wentBackTo;
      },
    },
    alarms: memoryAlarmRegister({ append: (event) => told.push(event) }),
  });
  return { robot, publishPolicy, enforce, told, wentBack };
}

test('a robot goes back from a release that must never run', async () => {
  const { robot, publishPolicy, enforce, wentBack } = await robotRunningBad('good');
  publishPolicy({ deny: [deny('bad', 'never-run')] });
  await robot.store.refresh(NOW);
  await enforce();
  expect(wentBack).toEqual(['duck-policy by policy: never-run']);
});

test('what was denied once is remembered without the network, and an update in progress only delays it', async () => {
  const { robot, publishPolicy, enforce, wentBack } = await robotRunningBad('good');
  publishPolicy({ deny: [deny('bad', 'never-run')] });
  await robot.store.refresh(NOW);
  await enforce();
  robot.server.on.set('*', (_, response) => response.destroy());
  await robot.store.refresh(NOW);
  await enforce();
  expect(wentBack).toHaveLength(2);
});

test('a release that is only stopped goes on where it runs', async () => {
  const { robot, publishPolicy, enforce, wentBack } = await robotRunningBad('good');
  publishPolicy({ deny: [deny('bad', 'stop')] });
  await robot.store.refresh(NOW);
  await enforce();
  expect(wentBack).toEqual([]);
});

test.each([undefined, 'bad too'])(
  'a robot with nothing good to go back to (%s) stays up and raises the alarm once',
  async (previous) => {
    const { robot, publishPolicy, enforce, wentBack, told } = await robotRunningBad(previous);
    publishPolicy({ deny: [deny('bad', 'never-run'), deny('bad too', 'never-run')] });
    await robot.store.refresh(NOW);
    await enforce();
    await enforce();
    expect(wentBack).toEqual([]);
    expect(told).toMatchObject([{ event: 'alarm', refusal: { category: 'denied' } }]);
  },
);

test.each([
  ['hash', ['hash']],
  // The next check-in asks again.
  ['busy', []],
])('a robot that can not go back (%s) says so once', async (category, alarms) => {
  const no = { phase: 'roll-back', element: 'policy.onnx', category, detail: '', retryable: true, hint: '' } as const;
  const { robot, publishPolicy, enforce, told } = await robotRunningBad('good', refuse(no));
  publishPolicy({ deny: [deny('bad', 'never-run')] });
  await robot.store.refresh(NOW);
  await enforce();
  await enforce();
  expect(told.map((event) => event.event === 'alarm' && event.refusal.category)).toEqual(alarms);
});

test('a robot that may run its release again ends its alarm', async () => {
  const { robot, publishPolicy, enforce, told } = await robotRunningBad();
  publishPolicy({ deny: [deny('bad', 'never-run')] });
  await robot.store.refresh(NOW);
  await enforce();
  publishPolicy({ deny: [] });
  await robot.store.refresh(NOW);
  await enforce();
  expect(told).toMatchObject([
    { event: 'alarm', refusal: { category: 'denied' } },
    { event: 'alarm-resolved', component: COMPONENT, category: 'denied' },
  ]);
});
