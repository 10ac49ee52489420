/** What lies on a robot's disk, and on the control plane's: the tests look where a person with a shell would. */
import { open, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse } from '@fairlead/shared/parse';
import { type TSchema, Type } from 'typebox';
import type { Robot } from '../../../scripts/local-fleet/robot-process.ts';
import { waitFor } from '../../../scripts/local-fleet/wait-for.ts';

const CommittedMark = Type.Object({ active: Type.Object({ version: Type.String() }) });
const JournalStep = Type.Object({ step: Type.String() });

/** Waits until the robot has settled on `version`, whoever knows of it. */
export const untilCommitted = ({ name, root }: Robot, version: string) =>
  waitFor(`${name} to commit ${version}`, async () => {
    const mark = await readJson(join(root, 'components/walking/committed.json'), CommittedMark);
    return mark?.active.version === version || undefined;
  });

/** Waits until the robot's journal stands at `step`: the intent is on disk, the act has begun or is about to. */
export const untilStep = ({ name, root }: Robot, step: string) =>
  waitFor(
    `${name} to begin ${step}`,
    async () => (await readJson(join(root, 'journal.json'), JournalStep))?.step === step || undefined,
    { everyMs: 5 },
  );

/** Waits for the first bytes of a download; resolves with the file. */
export const untilPart = ({ name, root }: Robot) =>
  waitFor(`${name} to have a part of the download`, async () => {
    const names = await readdir(join(root, 'downloads'));
    const part = names.find((it) => it.endsWith('.part'));
    if (part === undefined) return undefined;
    const file = join(root, 'downloads', part);
    return (await readFile(file)).byteLength > 0 ? file : undefined;
  });

/** What the robot still keeps of releases, by folder name. */
export const releasesOf = ({ root }: Robot): Promise<string[]> => readdir(join(root, 'components/walking/releases'));

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
