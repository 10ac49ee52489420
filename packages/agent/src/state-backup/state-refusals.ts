/** Why state can't be saved or restored, for people. */
import { Failure, type Refusal } from '@fairlead/shared/failure';
import { systemCode } from '@fairlead/toolkit/file-error';

const EXAMPLE = '/usr/share/doc/fairlead-agent/examples/state.conf';

/** The agent lacks a right, or the path is not open for it; undefined where the error is another one. */
export function notPermitted(error: unknown, path: string, verb: 'read' | 'write' | 'give back'): Failure | undefined {
  const code = systemCode(error) ?? '';
  if (!['EACCES', 'EPERM', 'EROFS'].includes(code)) return undefined;
  return new Failure(stateNotPermitted(path, `the agent may not ${verb} ${path} (${code})`));
}

const stateNotPermitted = (path: string, why: string): Refusal => ({
  phase: 'prove-parachute',
  element: path,
  category: 'state_not_permitted',
  detail: `A rollback could not restore the state, so nothing was switched: ${why}.`,
  retryable: false,
  hint: `Open the path for the agent on this robot, as in ${EXAMPLE}, or correct state.backup in release.yaml; then deploy again.`,
});
