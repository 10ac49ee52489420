/** A recording that showed a failure, kept with the fleet it belongs to, so that the very same cut can be made again. */
import { copyFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readRecording } from './disk/recording.ts';
import type { DiskName } from './harness-proof.ts';
import type { Recording } from './power-cuts.ts';
import type { Story } from './stories.ts';
import type { Fleet } from './world/fleet.ts';

const folderOf = (kept: string, seed: number, story: Story, disk: DiskName, take: number): string =>
  join(kept, String(seed), `${story.name}-${disk}-${take}`);

export async function keepRecording(kept: string, seed: number, recording: Recording, fleet: Fleet): Promise<void> {
  const folder = folderOf(kept, seed, recording.story, recording.disk, recording.take);
  await mkdir(folder, { recursive: true });
  await copyFile(recording.file, join(folder, 'records'));
  await writeFile(join(folder, 'world.json'), JSON.stringify({ fleet, states: recording.states }), { mode: 0o600 });
}

/** Undefined where none was kept: then the story has to be recorded anew, and cuts fall a little elsewhere. */
export async function findKept(
  kept: string,
  seed: number,
  story: Story,
  disk: DiskName,
  take: number,
): Promise<{ recording: Recording; fleet: Fleet } | undefined> {
  const folder = folderOf(kept, seed, story, disk, take);
  const world = await readFile(join(folder, 'world.json'), 'utf8').catch(() => undefined);
  if (world === undefined) return undefined;
  const { fleet, states } = JSON.parse(world) as { fleet: Fleet; states: Recording['states'] };
  const file = join(folder, 'records');
  return { fleet, recording: { story, disk, take, file, records: readRecording(file), states } };
}
