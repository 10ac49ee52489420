/** An exception on its way out of a step: a broken world, told like every other "no", or a bug that says so. */
import { Failure, type Phase, type Refusal } from '@fairlead/shared/failure';
import type { ComponentName } from '@fairlead/shared/ids';
import { sayDiskError } from '../releases/disk-errors.ts';

export function refusalOf(error: unknown, phase: Phase, component?: ComponentName): Refusal {
  if (error instanceof Failure) return error.refusal;
  const detail = (error instanceof Error ? error.message : String(error)).slice(0, 2000);
  const say = (category: string, hint: string): Refusal => ({
    phase,
    ...(component !== undefined && { component }),
    element: phase,
    category,
    detail,
    retryable: true,
    hint,
  });
  const disk = sayDiskError(error);
  if (disk) return say(disk.category, disk.hint);
  return say('unexpected', "This is a defect of Fairlead: please report it with the agent's log.");
}
