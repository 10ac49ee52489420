/** Adapter: units of this machine. systemd itself restarts and counts. */
import { existsSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { accept, type Phase, type Refusal, type Result, refuse } from '@fairlead/shared/failure';
import type { ServiceManager, ServiceState } from './service-manager.ts';
import { systemctl } from './systemctl.ts';
import { directControl, helperControl, SERVICES_SOCKET, type UnitControl } from './unit-control.ts';

export interface SystemdOptions {
  /** Default `systemctl`, found in PATH. */
  readonly systemctl?: string;
  /** Who starts and stops. Default: systemctl, called by ourselves. */
  readonly control?: UnitControl;
  /** How long one call may take; a unit's own TimeoutStopSec is usually 90 s. Default 120 000. */
  readonly timeoutMs?: number;
  /** How long a failure is kept back on a machine that shuts down: the agent's own end overtakes it. Default 2000. */
  readonly goingDownMs?: number;
}

const PROPERTIES = 'LoadState,ActiveState,SubState,NRestarts,Result';
const PATIENCE_MS = 120_000;

export function systemdServiceManager(options: SystemdOptions = {}): ServiceManager {
  const { systemctl: program = 'systemctl', timeoutMs = PATIENCE_MS, goingDownMs = 2000 } = options;
  const control = options.control ?? directControl(program, timeoutMs);

  /** A machine that shuts down calls off what it was asked, and who asks for it is told to stop in the same moment. */
  const isGoingDown = async (): Promise<boolean> => {
    const { ok, said } = await systemctl(program, ['show', '--property=SystemState'], timeoutMs);
    return !ok || said.includes('SystemState=stopping');
  };
  const act = async (verb: 'start' | 'stop', service: string, phase: Phase): Promise<Result<void>> => {
    const unit = unitName(service);
    // `start` of a unit that hit its start limit is refused until the counter is reset; not loaded is fine here.
    if (verb === 'start') await control('reset-failed', unit);
    const ran = await control(verb, unit);
    if (ran.ok) return accept(undefined);
    if (!ran.isForbidden && (await isGoingDown())) await pause(goingDownMs);
    return refuse(ran.isForbidden ? notAllowed(unit, phase, ran.said) : notDone(verb, service, phase, ran.said));
  };
  return {
    async check(service, phase) {
      const unit = unitName(service);
      const asked = await control('allowed', unit);
      if (asked.isForbidden) return refuse(notAllowed(unit, phase, asked.said));
      const ran = await systemctl(program, ['show', '--property=LoadState', '--', unit], timeoutMs);
      if (ran.said.includes('LoadState=not-found')) return refuse(noSuchUnit(unit, phase));
      return accept(undefined);
    },
    start: (service, phase) => act('start', service, phase),
    stop: (service, phase) => act('stop', service, phase),
    state: async (service) => {
      const ran = await systemctl(program, ['show', `--property=${PROPERTIES}`, '--', unitName(service)], timeoutMs);
      return ran.ok ? readState(ran.said) : { state: 'unknown', restarts: 0, detail: ran.said };
    },
  };
}

/**
 * The service manager of this machine: the package's helper starts and stops for an agent that is not root; without
 * the helper systemctl is called by ourselves, and polkit decides.
 */
export async function systemdOfThisMachine(socket = SERVICES_SOCKET): Promise<ServiceManager> {
  const isHelped = process.getuid?.() !== 0 && existsSync(socket);
  return systemdServiceManager(isHelped ? { control: helperControl(socket, PATIENCE_MS) } : {});
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

/** `activating` is also where systemd waits (RestartSec) before it starts a crashed unit again. */
const STATES: Readonly<Record<string, ServiceState['state']>> = {
  active: 'running',
  reloading: 'running',
  deactivating: 'running',
  inactive: 'stopped',
  failed: 'failed',
  activating: 'starting',
};

const notDone = (verb: 'start' | 'stop', service: string, phase: Phase, said: string): Refusal => ({
  phase,
  element: service,
  category: /not (found|loaded)/i.test(said) ? 'no_service' : `${verb}_failed`,
  detail: `systemctl ${verb} ${unitName(service)}: ${said}`,
  retryable: false,
  hint: `Look at: journalctl -u ${unitName(service)}`,
});

const noSuchUnit = (unit: string, phase: Phase): Refusal => ({
  phase,
  element: unit,
  category: 'no_service',
  detail: `The release names the service ${unit}, and this robot has no such unit.`,
  retryable: false,
  hint: `Install ${unit} on the robot (systemctl cat ${unit} shows it then), or correct services in release.yaml.`,
});

const notAllowed = (unit: string, phase: Phase, said: string): Refusal => ({
  phase,
  element: unit,
  category: 'service_not_allowed',
  detail: `${unit}: ${said}.`,
  retryable: false,
  hint: `Add the line ${unit} to /etc/fairlead/services.allow on the robot, or correct services in release.yaml.`,
});
