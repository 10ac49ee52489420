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
    const release = await folder.slot(slot);
    if (!release) return undefined;
    const { version, manifestSha256 } = release;
    const releaseCounter = counterOf(release);
    return { version, manifestSha256, ...(releaseCounter !== undefined && { releaseCounter }) };
  };
  const [active, previous, staged] = [await running('active'), await running('previous'), await running('staged')];
  const { component } = folder;
  return { component, ...(active && { active }), ...(previous && { previous }), ...(staged && { staged }) };
}
