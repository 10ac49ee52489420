import { expect, test } from 'vitest';
import { runFairlead } from '../testing/run-fairlead.ts';
import { DIGEST, robot } from '../testing/views.ts';

const ROBOT = '/api/v1/robots/duck-1';

test('labels that are not named stay', async () => {
  const script = {
    [`GET ${ROBOT}`]: robot({ labels: { floor: '2', shift: 'day', site: 'kiel' } }),
    [`PATCH ${ROBOT}`]: robot(),
  };
  const { asked } = await runFairlead('robot label duck-1 floor=3 shift- --group yard', { script });
  expect(asked[1]?.body).toEqual({ group: 'yard', labels: { floor: '3', site: 'kiel' } });
});

test('accepting sends the fingerprint that the operator compared', async () => {
  const script = { [`POST ${ROBOT}/accept`]: robot() };
  const { asked, stdout } = await runFairlead(`robot accept duck-1 --fingerprint ${DIGEST}`, { script });
  expect(asked[0]?.body).toEqual({ keyFingerprint: DIGEST });
  expect(stdout).toContain('duck-1 is accepted');
});

test('a token is printed as the command line to run on the robot, root digest included', async () => {
  const trust = { snapshot: DIGEST, timestamp: DIGEST, director: DIGEST };
  const script = {
    'GET /api/v1/trust': { onlineKeys: trust, initialised: true, rootVersion: 1, rootSha256: DIGEST },
    'POST /api/v1/enrolment-tokens': { id: 't1', token: 'once', expiresAt: '2026-11-21T10:00:00.000Z' },
  };
  const { stdout } = await runFairlead('robot token --environment production --robot duck-1', { script });
  const enrol = '--server http://fleet.test --environment production --robot duck-1';
  expect(stdout).toContain(`fairlead-agent enroll ${enrol} --root-sha256 ${DIGEST} --token once\n`);
});

test('explain is one sentence and the next move', async () => {
  const explanation = { robot: 'duck-1', sentence: 'It waits for its window.', unblock: 'Wait.', blocked: true };
  const script = { [`GET ${ROBOT}/explain`]: explanation };
  const { stdout } = await runFairlead('explain duck-1', { script });
  expect(stdout).toBe('It waits for its window.\nnext: Wait.\n');
});
