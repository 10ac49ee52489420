import type { RobotId } from '@fairlead/shared/ids';
import { parse } from '@fairlead/shared/parse';
import { expect, test } from 'vitest';
import { sayStatus } from '../commands/say-status.ts';
import { explainLocally } from './explain-locally.ts';
import { AgentStatus } from './local-api.ts';

const REFUSAL = {
  phase: 'smoke-test',
  element: 'policy.onnx',
  category: 'nan',
  detail: 'The output holds NaN.',
  retryable: false,
  hint: 'Retrain the model.',
};
const DIGEST = 'ab'.repeat(32);

/** An idle robot that runs walking@1.0.0. */
function idle(more: object): AgentStatus {
  const status = parse(AgentStatus, {
    robot: 'duck-1' as RobotId,
    environment: 'production',
    server: 'https://fleet.example',
    agentVersion: '0.1.0',
    enrolled: true,
    lifecycle: 'accepted',
    now: '2026-11-21T10:00:00.000Z',
    clockTrust: 'director',
    activity: { state: 'idle' },
    components: [{ component: 'walking', active: { version: '1.0.0', manifestSha256: DIGEST } }],
    services: [],
    trust: { root: 1, timestamp: 1, snapshot: 1, role: 1 },
    unsentReports: 0,
    inventory: {
      hostname: 'duck',
      arch: 'arm64',
      os: 'Ubuntu',
      kernel: '5.15',
      cpu: 'Cortex',
      cores: 6,
      memoryMb: 8000,
      diskMb: 64_000,
      agentVersion: '0.1.0',
      nodeVersion: '24.21.0',
    },
    vitals: { diskFreeMb: 1, memoryFreeMb: 1, cpuLoad: 0, uptimeSec: 1, agentRssMb: 1 },
    troubles: [],
    ...more,
  });
  if (!status.ok) throw new Error(JSON.stringify(status.refused));
  return status.value;
}
const last = (more: object) => ({
  lastOutcomes: [
    {
      component: 'walking',
      version: '2.0.0',
      outcome: 'rejected',
      refusal: REFUSAL,
      endedAt: '2026-11-21T09:59:00.000Z',
      durationMs: 33_000,
      ...more,
    },
  ],
});

test.each([
  ['rejected', 'walking@2.0.0 was rejected in smoke-test: policy.onnx: The output holds NaN. (nan)'],
  ['rolled-back', 'walking@2.0.0 was rolled back in smoke-test: policy.onnx: The output holds NaN. (nan)'],
  ['failed', 'the update to walking@2.0.0 failed in smoke-test: policy.onnx: The output holds NaN. (nan)'],
])('a robot whose last order ended %s explains it with the reason and the next step', (outcome, says) => {
  const explained = explainLocally(idle(last({ outcome })));
  expect(explained).toMatchObject({ blocked: true, unblock: 'Retrain the model.', refusal: REFUSAL });
  expect(explained.sentence).toBe(
    `duck-1 runs walking@1.0.0. The last order for walking did not succeed: ${says} at 2026-11-21T09:59:00.000Z.`,
  );
});

test('a robot whose last order succeeded has nothing to do', () => {
  const { refusal: _, ...good } = last({ outcome: 'succeeded' }).lastOutcomes[0] as { refusal: unknown };
  const explained = explainLocally(idle({ lastOutcomes: [good] }));
  expect(explained).toMatchObject({ sentence: 'duck-1 runs walking@1.0.0 and has nothing to do.', blocked: false });
});

test('a quarantined robot explains why it gets no orders, and who can end that', () => {
  const quarantined = { ...REFUSAL, detail: 'Its last 3 updates failed.', hint: 'Run fairlead robot readmit duck-1.' };
  const { sentence, unblock } = explainLocally(idle({ quarantined }));
  expect(sentence).toContain('duck-1 is quarantined and gets no assignments: Its last 3 updates failed.');
  expect(unblock).toBe('Run fairlead robot readmit duck-1.');
});

test('status shows the last order of a component with its reason and its next step', () => {
  const lines = sayStatus(idle(last({})));
  const at = lines.findIndex((line) => line.startsWith('last order'));
  expect(lines.slice(at, at + 2).map((line) => line.slice(16))).toEqual([
    'walking@2.0.0 was rejected in smoke-test: policy.onnx: The output holds NaN. (nan) (2026-11-21T09:59:00.000Z, after 33.0 s)',
    '-> Retrain the model.',
  ]);
});
