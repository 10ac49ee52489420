import { chmodSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { RobotId } from '@fairlead/shared/ids';
import { expect, onTestFinished, test } from 'vitest';
import { readIdentity, setIdentityAside, writeIdentity } from './robot-identity.ts';
import { openRobotKey, retireRobotKey } from './robot-key.ts';

function folder(): string {
  const made = mkdtempSync(join(tmpdir(), 'fairlead-identity-'));
  onTestFinished(() => rmSync(made, { recursive: true }));
  return join(made, 'identity');
}

test('a robot makes its key once and nobody else can read it', async () => {
  const identity = folder();
  const first = await openRobotKey(identity);
  const again = await openRobotKey(identity);
  expect(again.signer.keyid).toBe(first.signer.keyid);
  expect(statSync(join(identity, 'robot.key')).mode & 0o777).toBe(0o600);
});

test('a key that others could read is closed, and that is told', async () => {
  const identity = folder();
  await openRobotKey(identity);
  chmodSync(join(identity, 'robot.key'), 0o644);
  expect((await openRobotKey(identity)).wasExposed).toBe(true);
  expect((await openRobotKey(identity)).wasExposed).toBe(false);
});

test('a robot whose key the disk has lost is somebody new, says so, and keeps what is left of the old one', async () => {
  const identity = folder();
  const { signer } = await openRobotKey(identity);
  writeFileSync(join(identity, 'robot.key'), '');
  const now = await openRobotKey(identity);
  expect(now.lost).toMatchObject({ category: 'bad_key' });
  expect(now.signer.keyid).not.toBe(signer.keyid);
  expect(readdirSync(identity).filter((name) => name.startsWith('damaged-'))).toHaveLength(1);
  expect((await openRobotKey(identity)).lost).toBeUndefined();
});

test('a retired key is followed by a new one', async () => {
  const identity = folder();
  const first = await openRobotKey(identity);
  await retireRobotKey(identity, first.signer.keyid);
  expect((await openRobotKey(identity)).signer.keyid).not.toBe(first.signer.keyid);
});

test('a record of the enrolment that nobody can read is kept, and the robot is nobody until it enrols again', async () => {
  const identity = folder();
  await openRobotKey(identity);
  writeFileSync(join(identity, 'robot.json'), '{"schema":');
  await expect(readIdentity(identity)).rejects.toMatchObject({ refusal: { category: 'bad_identity' } });
  await setIdentityAside(identity, 0);
  expect(await readIdentity(identity)).toBeUndefined();
  expect(readdirSync(identity).some((name) => name.startsWith('robot.json.bad-'))).toBe(true);
});

test('a robot knows who it is after a restart, and that it is nobody before enrolment', async () => {
  const identity = folder();
  const { signer } = await openRobotKey(identity);
  expect(await readIdentity(identity)).toBeUndefined();
  const me = { robot: 'duck-1' as RobotId, environment: 'production', keyid: signer.keyid } as const;
  await writeIdentity(identity, { ...me, enrolledAt: '2026-11-21T09:00:00.000Z' });
  expect(await readIdentity(identity)).toMatchObject(me);
});
