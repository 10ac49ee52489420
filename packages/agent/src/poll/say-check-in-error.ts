/** Why the control plane could not be asked, with the next move. */
import { ProblemError, Unreachable } from '@fairlead/shared/api/client';
import { Failure, type Refusal } from '@fairlead/shared/failure';
import { sayDiskError } from '../releases/disk-errors.ts';

export function sayCheckInError(error: unknown): Refusal {
  if (error instanceof Failure) return error.refusal;
  if (error instanceof ProblemError) {
    const { code, detail, hint } = error.problem;
    return say(/^[a-z][a-z0-9_]{1,40}$/.test(code) ? code : 'refused', detail, hint ?? HINTS[code]);
  }
  if (error instanceof Unreachable) return say('unreachable', error.message, HINTS['unreachable']);
  const detail = error instanceof Error ? error.message : String(error);
  const disk = sayDiskError(error);
  if (disk) return say(disk.category, detail, disk.hint);
  return say('unexpected', detail, 'This is a defect of Fairlead: please report it with the agent’s log.');
}

const say = (category: string, detail: string, hint = 'Look at the control plane’s log.'): Refusal => ({
  phase: 'check-in',
  element: 'control plane',
  category,
  detail: detail.slice(0, 2000),
  retryable: true,
  hint: hint.slice(0, 1000),
});

const HINTS: Readonly<Record<string, string>> = {
  unreachable: 'Check the network, and `server`, `proxy` and `tls` in agent.yaml. What runs keeps running.',
  bad_signature:
    'The control plane does not know this robot’s key, or is reached under a name it does not know itself by.',
};
