/**
 * Adapter: the last outcome of each component in `outcomes/COMPONENT.json`, and a line in the log for each start, step,
 * wait and end. The outcome is written before the end is reported, so a restart in between repeats it.
 */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { sayRefusal } from '@fairlead/shared/failure';
import { sayRelease } from '@fairlead/shared/ids';
import { parse } from '@fairlead/shared/parse';
import { type Clock, toTimestamp } from '@fairlead/shared/time';
import { parseStrictJson } from '@fairlead/shared/trust/strict-json';
import type { Journal } from '@fairlead/shared/update/journal';
import { makeFolderDurably, writeDurably } from '@fairlead/toolkit/durable-files';
import { Type } from 'typebox';
import { describeDuration, describeOutcome, isBad } from './describe-outcome.ts';
import { LastOutcome, type UpdateHistory } from './update-history.ts';

const OutcomeFile = Type.Object(
  { schema: Type.Literal('fairlead.outcome.v1'), last: LastOutcome },
  { additionalProperties: false },
);

export interface UpdateHistoryOptions {
  /** Made with the first outcome. */
  readonly folder: string;
  readonly clock: Clock;
  readonly log: (level: 'info' | 'warn', facts: object, message: string) => void;
}

export function fileUpdateHistory({ folder, clock, log }: UpdateHistoryOptions): UpdateHistory {
  return {
    onStarted(journal) {
      const { current, step, starts } = journal;
      const isNew = step === 'download' && starts === 1;
      const from = current === undefined ? 'first installation' : `from ${current.version}`;
      const how = isNew ? `started (${from})` : `continues with ${step}, start ${starts} of it`;
      log('info', factsOf(journal), `the update to ${sayRelease(journal.candidate)} ${how}`);
    },
    onStepEnded(journal, result, ms) {
      const facts = { ...factsOf(journal), step: journal.step, durationMs: Math.round(ms) };
      const head = `${sayRelease(journal.candidate)}: ${journal.step}`;
      if (result.ok) return log('info', facts, `${head} done in ${describeDuration(ms)}`);
      const { refused } = result;
      const how = result.notNow ? 'postponed' : 'failed';
      log('info', { ...facts, reason: refused }, `${head} ${how} after ${describeDuration(ms)}: ${refused.detail}`);
    },
    onWaiting(journal, reason) {
      const facts = { ...factsOf(journal), step: journal.step, reason };
      log('info', facts, `${sayRelease(journal.candidate)} waits in ${journal.step}: ${sayRefusal(reason)}`);
    },
    async onEnded(ended) {
      const { durationMs, refusal, ...facts } = ended;
      const time = durationMs === undefined ? '' : `, after ${describeDuration(durationMs)}`;
      log(
        isBad(ended) ? 'warn' : 'info',
        { ...facts, ...(durationMs !== undefined && { durationMs }), ...(refusal && { reason: refusal }) },
        `${describeOutcome(ended)}${time}`,
      );
      try {
        const file = { schema: 'fairlead.outcome.v1', last: { ...ended, endedAt: toTimestamp(clock.now()) } };
        await makeFolderDurably(folder);
        await writeDurably(fileOf(folder, ended.component), `${JSON.stringify(file, null, 2)}\n`);
      } catch (error) {
        log('warn', { error: String(error) }, `the outcome of ${ended.component} could not be written to ${folder}`);
      }
    },
    async lastOutcomes() {
      const names = (await readdir(folder).catch(() => [])).filter((name) => /^[^.].*\.json$/.test(name));
      const read = await Promise.all(names.map((name) => readOutcome(join(folder, name))));
      return read
        .filter((outcome) => outcome !== undefined)
        .toSorted((one, other) => other.endedAt.localeCompare(one.endedAt));
    },
  };
}

const fileOf = (folder: string, component: LastOutcome['component']): string => join(folder, `${component}.json`);

const factsOf = ({ component, candidate, deployment }: Journal) => ({
  component,
  version: candidate.version,
  deployment,
});

/** Undefined where the disk has damaged it: what runs is known without it. */
async function readOutcome(file: string): Promise<LastOutcome | undefined> {
  const bytes = await readFile(file).catch(() => undefined);
  const json = bytes && parseStrictJson(bytes, { floats: true });
  const parsed = json?.ok ? parse(OutcomeFile, json.value) : undefined;
  return parsed?.ok ? parsed.value.last : undefined;
}
