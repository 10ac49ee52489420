/** Adapter: units of this machine, through systemctl without a shell. systemd itself restarts and counts. */
import { execFile } from 'node:child_process';
import { accept, type Phase, type Refusal, type Result, refuse } from '@fairlead/shared/failure';
import type { ServiceManager, ServiceState } from './service-manager.ts';

export interface SystemdOptions {
  /** Default `systemctl`, found in PATH. */
  readonly systemctl?: string;
  /** How long one call may take; a unit's own TimeoutStopSec is usually 90 s. Default 120 000. */
  readonly timeoutMs?: number;
}

const PROPERTIES = 'LoadState,ActiveState,SubState,NRestarts,Result';

export function systemdServiceManager(options: SystemdOptions = {}): ServiceManager {
  const run = (args: readonly string[]): Promise<Ran> =>
    call(options.systemctl ?? 'systemctl', args, options.timeoutMs ?? 120_000);

  const act = async (verb: 'start' | 'stop', service: string, phase: Phase): Promise<Result<void>> => {
    // `start` of a unit that hit its start limit is refused until the counter is reset; not loaded is fine here.
    if (verb === 'start') await run(['reset-failed', '--', unitName(service)]);
    const ran = await run([verb, '--', unitName(service)]);
    return ran.ok ? accept(undefined) : refuse(notDone(verb, service, phase, ran.said));
  };
  return {
    start: (service, phase) => act('start', service, phase),
    stop: (service, phase) => act('stop', service, phase),
    state: async (service) => {
      const ran = await run(['show', `--property=${PROPERTIES}`, '--', unitName(service)]);
      return ran.ok ? readState(ran.said) : { state: 'unknown', restarts: 0, detail: ran.said };
    },
  };
}

/** `duck-policy` is `duck-policy.service`, as systemctl itself would say; other unit types stay as they are. */
export const unitName = (service: string): string => (/\.[a-z]+$/.test(service) ? service : `${service}.service`);

/** Reads the `NAME=VALUE` lines of `systemctl show`. */
export function readState(shown: string): ServiceState {
  const values = new Map<string, string>();
  for (const line of shown.split('\n')) {
    const at = line.indexOf('=');
    if (at > 0) values.set(line.slice(0, at), line.slice(at + 1));
  }
  const active = values.get('ActiveState') ?? '';
  const restarts = Number.parseInt(values.get('NRestarts') ?? '0', 10) || 0;
  const detail = `${active} (${values.get('SubState') ?? ''}), result ${values.get('Result') ?? ''}, ${restarts} restarts`;
  if (values.get('LoadState') === 'not-found')
    return { state: 'unknown', restarts: 0, detail: 'there is no such unit' };
  return { state: STATES[active] ?? 'unknown', restarts, detail };
}

/** `activating` is where systemd waits (RestartSec) before it starts a crashed unit again: it does not run. */
const STATES: Readonly<Record<string, ServiceState['state']>> = {
  active: 'running',
  reloading: 'running',
  deactivating: 'running',
  inactive: 'stopped',
  failed: 'failed',
  activating: 'failed',
};

type Ran = { readonly ok: boolean; readonly said: string };

function call(program: string, args: readonly string[], timeout: number): Promise<Ran> {
  return new Promise((resolve) => {
    execFile(
      program,
      [...args],
      // A pager or a password question would wait for ever.
      { timeout, killSignal: 'SIGKILL', maxBuffer: 64 * 1024, env: { ...process.env, SYSTEMD_PAGER: '', LC_ALL: 'C' } },
      (error, stdout, stderr) => {
        if (!error) resolve({ ok: true, said: stdout });
        else resolve({ ok: false, said: (stderr.trim() || error.message).slice(0, 500) });
      },
    );
  });
}

const notDone = (verb: 'start' | 'stop', service: string, phase: Phase, said: string): Refusal => ({
  phase,
  element: service,
  category: /not (found|loaded)/i.test(said) ? 'no_service' : `${verb}_failed`,
  detail: `systemctl ${verb} ${unitName(service)}: ${said}`,
  retryable: false,
  hint: `Look at: journalctl -u ${unitName(service)}`,
});
