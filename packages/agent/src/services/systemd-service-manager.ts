/** Adapter: units of this machine. systemd itself restarts and counts. */
import { existsSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { accept, type Phase, type Refusal, type Result, refuse } from '@fairlead/shared/failure';
import type { ServiceManager } from './service-manager.ts';
import { systemctl } from './systemctl.ts';
import { type Answer, directControl, helperControl, SERVICES_SOCKET, type UnitControl } from './unit-control.ts';
import {
  isInTransition,
  PROPERTIES,
  readProperties,
  readState,
  timeLimitOf,
  type UnitProperties,
  whyNotStartable,
} from './unit-properties.ts';

export interface SystemdOptions {
  /** Default `systemctl`, found in PATH. */
  readonly systemctl?: string;
  /** Who starts and stops. Default: systemctl, called by ourselves. */
  readonly control?: UnitControl;
  /** How long a question to systemd may take. Default 120 000. */
  readonly timeoutMs?: number;
  /** How long a failure is kept back on a machine that shuts down: the agent's own end overtakes it. Default 2000. */
  readonly goingDownMs?: number;
  /** How often a unit is looked at whose start or stop was not answered. Default 1000. */
  readonly lookEveryMs?: number;
}

const PATIENCE_MS = 120_000;

export function systemdServiceManager(options: SystemdOptions = {}): ServiceManager {
  const { timeoutMs = PATIENCE_MS, goingDownMs = 2000, lookEveryMs = 1000 } = options;
  const program = options.systemctl ?? 'systemctl';
  const control = options.control ?? directControl(program);

  const show = (unit: string) => systemctl(program, ['show', `--property=${PROPERTIES}`, '--', unit], timeoutMs);
  /** A machine that shuts down calls off what it was asked, and who asks for it is told to stop in the same moment. */
  const isGoingDown = async (): Promise<boolean> => {
    const { ok, said } = await systemctl(program, ['show', '--property=SystemState'], timeoutMs);
    return !ok || said.includes('SystemState=stopping');
  };
  /** systemd goes on without the one who asked, so the unit itself tells how it ended. */
  const waitForEnd = async (verb: 'start' | 'stop', unit: string, deadline: number, asked: Answer): Promise<Answer> => {
    for (;;) {
      const shown = await show(unit);
      if (!shown.ok) return asked;
      const properties = readProperties(shown.said);
      const { state, detail } = readState(properties);
      if (!isInTransition(properties)) {
        const isDone = verb === 'start' ? state === 'running' : properties.get('ActiveState') !== 'active';
        return isDone ? { ok: true, said: '' } : { ok: false, said: `${unit} is ${detail}` };
      }
      if (performance.now() >= deadline) return { ok: false, said: `${unit} is still ${detail}` };
      await pause(lookEveryMs);
    }
  };
  /** systemd refuses to start a masked unit also where it runs, which is all that was asked for. */
  const runsMasked = async (unit: string): Promise<boolean> => {
    const shown = readProperties((await show(unit)).said);
    return shown.get('LoadState') === 'masked' && shown.get('ActiveState') === 'active';
  };
  const act = async (verb: 'start' | 'stop', service: string, phase: Phase): Promise<Result<void>> => {
    const unit = unitName(service);
    const shown = await show(unit);
    const limitMs = timeLimitOf(verb, readProperties(shown.ok ? shown.said : ''));
    const deadline = performance.now() + limitMs;
    // `start` of a unit that hit its start limit is refused until the counter is reset; not loaded is fine here.
    if (verb === 'start') await control('reset-failed', unit, timeoutMs);
    const asked = await control(verb, unit, limitMs);
    const ran = asked.isUnanswered ? await waitForEnd(verb, unit, deadline, asked) : asked;
    if (ran.ok) return accept(undefined);
    if (verb === 'start' && (await runsMasked(unit))) return accept(undefined);
    if (!ran.isForbidden && (await isGoingDown())) await pause(goingDownMs);
    return refuse(ran.isForbidden ? notAllowed(unit, phase, ran.said) : notDone(verb, service, phase, ran.said));
  };
  return {
    async check(service, phase) {
      const unit = unitName(service);
      const asked = await control('allowed', unit, timeoutMs);
      if (asked.isForbidden) return refuse(notAllowed(unit, phase, asked.said));
      const shown = await show(unit);
      if (!shown.ok)
        return /unit name/i.test(shown.said) ? refuse(noUnitName(unit, phase, shown.said)) : accept(undefined);
      const refused = notStartable(unit, phase, readProperties(shown.said));
      return refused ? refuse(refused) : accept(undefined);
    },
    start: (service, phase) => act('start', service, phase),
    stop: (service, phase) => act('stop', service, phase),
    state: async (service) => {
      const ran = await show(unitName(service));
      return ran.ok ? readState(readProperties(ran.said)) : { state: 'unknown', restarts: 0, detail: ran.said };
    },
  };
}

/**
 * The service manager of this machine: the package's helper starts and stops for an agent that is not root; without
 * the helper systemctl is called by ourselves, and polkit decides.
 */
export async function systemdOfThisMachine(socket = SERVICES_SOCKET): Promise<ServiceManager> {
  const isHelped = process.getuid?.() !== 0 && existsSync(socket);
  return systemdServiceManager(isHelped ? { control: helperControl(socket) } : {});
}

/** `duck-policy` is `duck-policy.service`, as systemctl itself would say; other unit types stay as they are. */
export const unitName = (service: string): string => (UNIT_TYPE.test(service) ? service : `${service}.service`);
const UNIT_TYPE = /\.(service|socket|target|timer|path|mount|automount|swap|slice|scope|device)$/;

const notDone = (verb: 'start' | 'stop', service: string, phase: Phase, said: string): Refusal => ({
  phase,
  element: service,
  category: /not (found|loaded)/i.test(said) ? 'no_service' : `${verb}_failed`,
  detail: `systemctl ${verb} ${unitName(service)}: ${said}`,
  retryable: false,
  hint: `Look at: journalctl -u ${unitName(service)}`,
});

function notStartable(unit: string, phase: Phase, properties: UnitProperties): Refusal | undefined {
  const found = whyNotStartable(properties);
  return (
    found && {
      phase,
      element: unit,
      category: found.category,
      detail: `Fairlead can't stop and start ${unit}: ${found.why}.`,
      retryable: false,
      hint: `${found.next} on the robot (systemctl status ${unit}), or correct services in release.yaml; then deploy again.`,
    }
  );
}

const noUnitName = (unit: string, phase: Phase, said: string): Refusal => ({
  phase,
  element: unit,
  category: 'no_service',
  detail: `The release names the service ${unit}: ${said}`,
  retryable: false,
  hint: 'Correct services in release.yaml: a template needs its instance (duck@1.service).',
});

const notAllowed = (unit: string, phase: Phase, said: string): Refusal => ({
  phase,
  element: unit,
  category: 'service_not_allowed',
  detail: `${unit}: ${said}.`,
  retryable: false,
  hint: `Add the line ${unit} to /etc/fairlead/services.allow on the robot, or correct services in release.yaml.`,
});
