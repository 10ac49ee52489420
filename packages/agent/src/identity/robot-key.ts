/** The robot's voice: an Ed25519 seed made on the robot, which never leaves it. */
import { randomBytes } from 'node:crypto';
import { chmod, readFile, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { Refusal } from '@fairlead/shared/failure';
import type { Signer } from '@fairlead/shared/trust/ed25519';
import { nativeSigner } from '@fairlead/shared/trust/native-signer';
import { makeFolderDurably, renameDurably, writeDurably } from '@fairlead/toolkit/durable-files';
import { isMissing } from '@fairlead/toolkit/file-error';

const KEY_FILE = 'robot.key';

export interface RobotKey {
  readonly signer: Signer;
  /** The file could be read by others; it is closed now, but somebody may have a copy. */
  readonly wasExposed: boolean;
  /** What the disk did to the key before this one, which was put aside: the robot has to be enrolled again. */
  readonly lost?: Refusal;
}

/**
 * Reads the key of this robot, or makes it. `folder` is `identity/` under the agent's root. A file that holds no key is
 * put aside: its robot is nobody any more, and as somebody new it can at least ask to be let in again.
 */
export async function openRobotKey(folder: string): Promise<RobotKey> {
  await makeFolderDurably(folder, 0o700);
  const file = join(folder, KEY_FILE);
  const text = await readFile(file, 'utf8').catch((error: unknown) => {
    if (isMissing(error)) return undefined;
    throw error;
  });
  if (text === undefined) return { signer: await makeKey(file), wasExposed: false };
  if (!/^[0-9a-f]{64}\n?$/.test(text)) {
    const aside = join(folder, `damaged-${randomBytes(4).toString('hex')}.key`);
    await renameDurably(file, aside);
    return { signer: await makeKey(file), wasExposed: false, lost: lostKey(aside) };
  }
  const wasExposed = ((await stat(file)).mode & 0o077) !== 0;
  if (wasExposed) await chmod(file, 0o600);
  return { signer: nativeSigner(Buffer.from(text.trim(), 'hex')), wasExposed };
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
  return nativeSigner(seed);
}

const lostKey = (aside: string): Refusal => ({
  phase: 'check-in',
  element: 'identity/robot.key',
  category: 'bad_key',
  detail: `The robot’s key file held no key any more (it is kept as ${basename(aside)}), so the robot made a new one.`,
  retryable: false,
  hint: 'Decommission this robot on the server, then accept it under its new fingerprint; check its disk.',
});
