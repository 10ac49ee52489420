/** What lies on a robot's disk, and on the control plane's: the tests look where a person with a shell would. */
import { open, readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { parse } from '@fairlead/shared/parse';
import { type TSchema, Type } from 'typebox';
import type { Robot } from '../../../scripts/local-fleet/robot-process.ts';
import { waitFor } from '../../../scripts/local-fleet/wait-for.ts';

const CommittedMark = Type.Object({ active: Type.Object({ version: Type.String() }) });
const PartMark = Type.Object({ synced: Type.Integer() });
const JournalStep = Type.Object({ step: Type.String() });

/** Waits until the robot has settled on `version`, whoever knows of it. */
export const untilCommitted = ({ name, root }: Robot, version: string) =>
  waitFor(`${name} to commit ${version}`, async () => {
    const mark = await readJson(join(root, 'components/walking/committed.json'), CommittedMark);
    return mark?.active.version === version || undefined;
  });

/** Waits until the robot's journal stands at `step`: the intent is on disk, the act has begun or is about to. */
export const untilStep = ({ name, root }: Pick<Robot, 'name' | 'root'>, step: string) =>
  waitFor(
    `${name} to begin ${step}`,
    async () => (await readJson(join(root, 'journal.json'), JournalStep))?.step === step || undefined,
    { everyMs: 5 },
  );

/** Waits for the first bytes of a download. */
export const untilPart = (robot: Robot) =>
  waitFor(`${robot.name} to have a part of the download`, async () => {
    const part = (await downloadsOf(robot)).find((it) => it.endsWith('.part'));
    return (part !== undefined && (await stat(part)).size > 0) || undefined;
  });

/** Waits until a part of the download is known to survive a power cut. */
export const untilSynced = (robot: Robot) =>
  waitFor(`${robot.name} to have a durable part of the download`, async () => {
    const mark = (await downloadsOf(robot)).find((it) => it.endsWith('.part.json'));
    return (mark !== undefined && ((await readJson(mark, PartMark))?.synced ?? 0) > 0) || undefined;
  });

async function downloadsOf({ root }: Robot): Promise<string[]> {
  return (await readdir(join(root, 'downloads'))).map((name) => join(root, 'downloads', name));
}

/** One bit, as a dying disk would turn it. */
export async function flipOneBit(file: string, at: number): Promise<void> {
  const handle = await open(file, 'r+');
  try {
    const byte = Buffer.alloc(1);
    await handle.read(byte, 0, 1, at);
    byte.writeUInt8(byte.readUInt8(0) ^ 1);
    await handle.write(byte, 0, 1, at);
  } finally {
    await handle.close();
  }
}

async function readJson<S extends TSchema>(file: string, schema: S) {
  const parsed = parse(schema, JSON.parse(await readFile(file, 'utf8')));
  return parsed.ok ? parsed.value : undefined;
}
