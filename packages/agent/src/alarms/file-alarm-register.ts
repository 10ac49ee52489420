/**
 * Adapter: open alarms in `alarms.json`. A report is appended before the file is written: after a crash between the two
 * an alarm may be reported twice, which the control plane counts, but none is lost. A disk that takes no write leaves
 * the set in memory; the next change writes all of it.
 */
import { readFile } from 'node:fs/promises';
import { Refusal } from '@fairlead/shared/failure';
import { parse } from '@fairlead/shared/parse';
import { type Clock, fromTimestamp, Timestamp, toTimestamp } from '@fairlead/shared/time';
import { parseStrictJson } from '@fairlead/shared/trust/strict-json';
import { writeDurably } from '@fairlead/toolkit/durable-files';
import { Type } from 'typebox';
import { oneAtATime } from '../one-at-a-time.ts';
import type { Outbox } from '../outbox/outbox.ts';
import type { AlarmRegister } from './alarm-register.ts';
import { type OpenAlarm, reportingAlarms } from './reporting-alarms.ts';

const AlarmFile = Type.Object(
  {
    schema: Type.Literal('fairlead.alarms.v1'),
    alarms: Type.Array(Type.Object({ refusal: Refusal, reportedAt: Timestamp }, { additionalProperties: false })),
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
  const inTurn = oneAtATime();
  let newest: readonly OpenAlarm[] = [];
  let written: Promise<void> = Promise.resolve();
  const save = (open: readonly OpenAlarm[]): void => {
    newest = open;
    written = inTurn(async () => {
      // Changes that came while the last write was under way are written together.
      if (newest === open) await write(file, open).catch(() => undefined);
    });
  };
  return {
    ...reportingAlarms({ outbox, now: clock.now, known: await read(file), save }),
    flush: () => written,
  };
}

const write = (file: string, open: readonly OpenAlarm[]): Promise<void> => {
  const alarms = open.map(({ refusal, reportedAt }) => ({ refusal, reportedAt: toTimestamp(reportedAt) }));
  return writeDurably(file, `${JSON.stringify({ schema: 'fairlead.alarms.v1', alarms }, null, 2)}\n`, { mode: 0o600 });
};

async function read(file: string): Promise<OpenAlarm[]> {
  const bytes = await readFile(file).catch(() => undefined);
  const json = bytes && parseStrictJson(bytes, { floats: true });
  const parsed = json?.ok ? parse(AlarmFile, json.value) : undefined;
  if (!parsed?.ok) return [];
  return parsed.value.alarms.map(({ refusal, reportedAt }) => ({ refusal, reportedAt: fromTimestamp(reportedAt) }));
}
