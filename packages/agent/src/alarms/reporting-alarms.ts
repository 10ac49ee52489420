/** The rules of every alarm register: which alarms are open, and what is reported about them. Keeps them in memory. */
import type { Refusal } from '@fairlead/shared/failure';
import { HOUR, type Instant } from '@fairlead/shared/time';
import type { Outbox } from '../outbox/outbox.ts';
import { type AlarmIdentity, type AlarmRegister, alarmKey } from './alarm-register.ts';

/** An open alarm in which only figures have changed is reported again after this time. */
const REPEAT_FIGURES_AFTER = HOUR;

export interface OpenAlarm {
  readonly refusal: Refusal;
  /** Absent while its begin or its end is being queued: after a crash it is unknown whether it was. */
  readonly reportedAt?: Instant;
}
export interface ReportingDeps {
  readonly outbox: Pick<Outbox, 'append'>;
  readonly now: () => Instant;
  /** Open alarms of the last run. */
  readonly known: readonly OpenAlarm[];
  /** Keeps all open alarms. Called before and after each report: no crash in between loses a begin or an end. */
  readonly save: (open: readonly OpenAlarm[]) => void;
}

export function reportingAlarms({ outbox, now, known, save }: ReportingDeps): AlarmRegister {
  const open = new Map(known.map((alarm) => [alarmKey(alarm.refusal), alarm]));
  const saveAll = (): void => save([...open.values()]);

  const raise = (refusal: Refusal): void => {
    const key = alarmKey(refusal);
    const before = open.get(key);
    const at = now();
    if (before && !isWorthRepeating(before, refusal, at)) return;
    open.set(key, { refusal });
    saveAll();
    outbox.append({ event: 'alarm', refusal });
    open.set(key, { refusal, reportedAt: at });
    saveAll();
  };
  const resolve = (alarm: AlarmIdentity): void => {
    const key = alarmKey(alarm);
    const before = open.get(key);
    if (!before) return;
    open.set(key, { refusal: before.refusal });
    saveAll();
    open.delete(key);
    const { component, category, element } = alarm;
    outbox.append({ event: 'alarm-resolved', ...(component !== undefined && { component }), element, category });
    saveAll();
  };
  const resolveWhere = (hasEnded: (open: Refusal) => boolean): void => {
    for (const { refusal } of open.values()) if (hasEnded(refusal)) resolve(refusal);
  };
  return {
    raise,
    notify: (refusal) => outbox.append({ event: 'alarm', refusal }),
    resolve,
    resolveWhere,
    settle(covers, found) {
      const still = new Set(found.map(alarmKey));
      for (const refusal of found) raise(refusal);
      resolveWhere((alarm) => covers(alarm) && !still.has(alarmKey(alarm)));
    },
    open: () => [...open.values()].map(({ refusal }) => refusal),
  };
}

const isWorthRepeating = ({ refusal, reportedAt }: OpenAlarm, changed: Refusal, at: Instant): boolean => {
  if (reportedAt === undefined) return true;
  if (textOf(refusal) === textOf(changed)) return false;
  const onlyFigures = withoutFigures(textOf(refusal)) === withoutFigures(textOf(changed));
  // The clock of a robot may jump either way.
  return !onlyFigures || Math.abs(at - reportedAt) >= REPEAT_FIGURES_AFTER;
};
const textOf = ({ detail, hint }: Refusal): string => `${detail}\n${hint}`;
const withoutFigures = (text: string): string => text.replaceAll(/\d+/g, '0');
