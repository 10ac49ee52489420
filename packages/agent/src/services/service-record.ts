/** What the next agent must know of a service this one supervises: `services/NAME.json` under the root folder. */
import { readFile } from 'node:fs/promises';
import { parse } from '@fairlead/shared/parse';
import { parseStrictJson } from '@fairlead/shared/trust/strict-json';
import { writeDurably } from '@fairlead/toolkit/durable-files';
import { type Static, Type } from 'typebox';

const ServiceRecord = Type.Object(
  {
    wanted: Type.Enum(['running', 'stopped']),
    /** Unplanned exits since the last planned start. */
    restarts: Type.Integer({ minimum: 0 }),
    /** A record of an earlier boot names no process of this one. */
    bootId: Type.String(),
    process: Type.Optional(
      Type.Object({ pid: Type.Integer({ minimum: 2 }), startTicks: Type.Integer({ minimum: 0 }) }),
    ),
  },
  { additionalProperties: false },
);
export type ServiceRecord = Static<typeof ServiceRecord>;

/** Undefined where the service was never started here, or its record can't be read. */
export async function readServiceRecord(file: string): Promise<ServiceRecord | undefined> {
  const bytes = await readFile(file).catch(() => undefined);
  const json = bytes && parseStrictJson(bytes);
  const record = json?.ok ? parse(ServiceRecord, json.value) : undefined;
  return record?.ok ? record.value : undefined;
}

export const writeServiceRecord = (file: string, record: ServiceRecord): Promise<void> =>
  writeDurably(file, JSON.stringify(record));
