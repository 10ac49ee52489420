/**
 * Adapter: open alarms in `alarms.json`, durable before and after each report, so that a crash at any moment may repeat
 * a begin or an end, which the control plane counts, and loses none. A disk that takes no write leaves the set in memory;
 * the next change or check writes all of it.
 */
import { readFile } from 'node:fs/promises';
import { Refusal } from '@fairlead/shared/failure';
import { parse } from '@fairlead/shared/parse';
import { type Clock, fromTimestamp, Timestamp, toTimestamp } from '@fairlead/shared/time';
import { parseStrictJson } from '@fairlead/shared/trust/strict-json';
import { writeDurablySync } from '@fairlead/toolkit/durable-files';
import { Type } from 'typebox';
import type { Outbox } from '../outbox/outbox.ts';
import type { AlarmRegister } from './alarm-register.ts';
import { type OpenAlarm, reportingAlarms } from './reporting-alarms.ts';

const AlarmFile = Type.Object(
  {
    schema: Type.Literal('fairlead.alarms.v1'),
    alarms: Type.Array(
      Type.Object({ refusal: Refusal, reportedAt: Type.Optional(Timestamp) }, { additionalProperties: false }),
    ),
  },
  { additionalProperties: false },
);

export interface FileAlarmOptions {
  /** Absolute. */
  readonly file: string;
  readonly outbox: Pick<Outbox, 'append'>;
  readonly clock: Clock;
}

/** A missing or damaged file is an empty set: conditions that still hold are raised again by their next check. */
export async function openFileAlarmRegister({ file, outbox, clock }: FileAlarmOptions): Promise<AlarmRegister> {
  let isUnwritten = false;
  let newest: readonly OpenAlarm[] = [];
  const save = (open: readonly OpenAlarm[]): void => {
    newest = open;
    try {
      write(file, open);
      isUnwritten = false;
    } catch {
      isUnwritten = true;
    }
  };
  const alarms = reportingAlarms({ outbox, now: clock.now, known: await read(file), save });
  return {
    ...alarms,
    raise(refusal) {
      if (isUnwritten) save(newest);
      alarms.raise(refusal);
    },
  };
}

function write(file: string, open: readonly OpenAlarm[]): void {
  const alarms = open.map(({ refusal, reportedAt }) => ({
    refusal,
    ...(reportedAt !== undefined && { reportedAt: toTimestamp(reportedAt) }),
  }));
  writeDurablySync(file, `${JSON.stringify({ schema: 'fairlead.alarms.v1', alarms }, null, 2)}\n`, { mode: 0o600 });
}

async function read(file: string): Promise<OpenAlarm[]> {
  const bytes = await readFile(file).catch(() => undefined);
  const json = bytes && parseStrictJson(bytes, { floats: true });
  const parsed = json?.ok ? parse(AlarmFile, json.value) : undefined;
  if (!parsed?.ok) return [];
  return parsed.value.alarms.map(({ refusal, reportedAt }) => ({
    refusal,
    ...(reportedAt !== undefined && { reportedAt: fromTimestamp(reportedAt) }),
  }));
}
