/** The robot's voice: an Ed25519 seed made on the robot, which never leaves it. */
import { chmod, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { Failure } from '@fairlead/shared/failure';
import type { Signer } from '@fairlead/shared/trust/ed25519';
import { makeFolderDurably, renameDurably, writeDurably } from '@fairlead/toolkit/durable-files';
import { isMissing } from '../releases/disk-errors.ts';
import { robotSigner } from './robot-signer.ts';

const KEY_FILE = 'robot.key';

export interface RobotKey {
  readonly signer: Signer;
  /** The file could be read by others; it is closed now, but somebody may have a copy. */
  readonly wasExposed: boolean;
}

/** Reads the key of this robot, or makes it. `folder` is `identity/` under the agent's root. */
export async function openRobotKey(folder: string): Promise<RobotKey> {
  await makeFolderDurably(folder, 0o700);
  const file = join(folder, KEY_FILE);
  const text = await readFile(file, 'utf8').catch((error: unknown) => {
    if (isMissing(error)) return undefined;
    throw error;
  });
  if (text === undefined) return { signer: await makeKey(file), wasExposed: false };
  if (!/^[0-9a-f]{64}\n?$/.test(text)) throw new Failure(damagedKey(file));
  const wasExposed = ((await stat(file)).mode & 0o077) !== 0;
  if (wasExposed) await chmod(file, 0o600);
  return { signer: robotSigner(Buffer.from(text.trim(), 'hex')), wasExposed };
}

/** Puts the key aside for good; the next `openRobotKey` makes a new one, which has to be enrolled. */
export async function retireRobotKey(folder: string, keyid: string): Promise<void> {
  await renameDurably(join(folder, KEY_FILE), join(folder, `retired-${keyid.slice(0, 12)}.key`));
}

async function makeKey(file: string): Promise<Signer> {
  // Once in a robot's life.
  const { generateKeyPair } = await import('@fairlead/shared/trust/ed25519');
  const { seed } = generateKeyPair();
  await writeDurably(file, `${Buffer.from(seed).toString('hex')}\n`, { mode: 0o600 });
  return robotSigner(seed);
}

const damagedKey = (file: string) =>
  ({
    phase: 'check-in',
    element: file,
    category: 'bad_key',
    detail: 'The robot’s key file holds no key.',
    retryable: false,
    hint: `Move it away and enrol this robot again: fairlead-agent enroll.`,
  }) as const;
