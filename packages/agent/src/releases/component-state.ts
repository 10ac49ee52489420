/** A component's slots as the robot tells them to others. */
import type { ComponentState } from '@fairlead/shared/fleet/robot-facts';
import type { ReleaseIdentity } from '@fairlead/shared/release/manifest';
import type { RunningRelease } from '@fairlead/shared/trust/report';
import type { Slot } from './layout.ts';
import type { ReleaseFolder } from './release-folder.ts';

export async function readState(folder: ReleaseFolder): Promise<ComponentState> {
  const committed = await folder.committed();
  const counterOf = ({ manifestSha256 }: ReleaseIdentity): number | undefined =>
    [committed?.active, committed?.previous].find((known) => known?.manifestSha256 === manifestSha256)?.releaseCounter;
  const running = async (slot: Slot): Promise<RunningRelease | undefined> => {
    const release = await identify(folder, slot);
    if (!release) return undefined;
    const { version, manifestSha256 } = release;
    const releaseCounter = counterOf(release);
    return { version, manifestSha256, ...(releaseCounter !== undefined && { releaseCounter }) };
  };
  const [active, previous, staged] = [await running('active'), await running('previous'), await running('staged')];
  const { component } = folder;
  return { component, ...(active && { active }), ...(previous && { previous }), ...(staged && { staged }) };
}

/** What the link says; where the disk lost the manifest that vouches for it, the mark still knows its name. */
export async function identify(folder: ReleaseFolder, slot: Slot): Promise<ReleaseIdentity | undefined> {
  const linked = await folder.slot(slot);
  if (linked) return linked;
  const committed = await folder.committed();
  for (const known of [committed?.active, committed?.previous]) {
    if (known && (await folder.points(slot, known))) return known;
  }
  return undefined;
}

/** 'unidentified': there is one, and the disk has lost both its manifest and the mark. */
export type ActiveRelease = RunningRelease | 'unidentified' | undefined;

export async function readActive(folder: ReleaseFolder): Promise<ActiveRelease> {
  const { active } = await readState(folder);
  return active ?? ((await folder.isLinked('active')) ? 'unidentified' : undefined);
}
