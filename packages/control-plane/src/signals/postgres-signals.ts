/**
 * Adapter: replicas tell each other with LISTEN and NOTIFY, on one connection of their own. What could not be told is
 * kept and told once there is a connection again. What was missed meanwhile nobody knows, so then everybody looks.
 */
import { randomUUID } from 'node:crypto';
import { setImmediate as breathe, setTimeout as sleep } from 'node:timers/promises';
import type { RobotId } from '@fairlead/shared/ids';
import { Client } from 'pg';
import { connectionOf, type PostgresOptions } from '../store/postgres-connection.ts';
import { fromPayload, toPayloads } from './payloads.ts';
import { listeners, type Signals, TOPICS, type Topic } from './signals.ts';

const CHANNEL = 'fairlead';
/** A line that died without a word (a pulled cable) is noticed by an answer that does not come. */
const PULSE_EVERY_MS = 10_000;
const PULSE_PATIENCE_MS = 5_000;
const LONGEST_WAIT_MS = 5_000;

export interface PostgresSignalsOptions extends PostgresOptions {
  /** For the log: the line to the other replicas was cut. */
  readonly onCut?: (cause: unknown) => void;
}

/** Rejects where the database can't be reached now; later it tries again for as long as it takes. */
export async function openPostgresSignals(options: PostgresSignalsOptions): Promise<Signals> {
  const { tellWake, tellChange, ...heard } = listeners();
  const from = randomUUID();
  const robots = new Set<RobotId>();
  const topics = new Set<Topic>();
  let line: Client | undefined;
  let cutSince: number | undefined;
  let telling = false;
  let closed = false;

  const connect = async () => {
    const client = new Client(connectionOf(options));
    // Every way to lose it ends in `end`; an error without a listener would end the process.
    client.on('error', () => undefined);
    client.on('notification', ({ payload }) => hear(payload ?? ''));
    client.on('end', () => line === client && cut(new Error('the database closed the connection')));
    try {
      await client.connect();
      await client.query(`listen ${CHANNEL}`);
    } catch (cause) {
      void client.end().catch(() => undefined);
      throw cause;
    }
    line = client;
    cutSince = undefined;
  };

  const hear = (text: string) => {
    const payload = fromPayload(text);
    if (!payload || payload.from === from) return;
    if (payload.robots.length > 0) tellWake(payload.robots);
    for (const topic of payload.topics) tellChange(topic);
  };

  const cut = (cause: unknown) => {
    void line?.end().catch(() => undefined);
    line = undefined;
    if (closed) return;
    cutSince = Date.now();
    options.onCut?.(cause);
    void reconnect();
  };

  const reconnect = async () => {
    for (let wait = 100; !closed; wait = Math.min(2 * wait, LONGEST_WAIT_MS)) {
      await sleep(wait * (0.5 + Math.random()), undefined, { ref: false });
      try {
        await connect();
      } catch {
        continue;
      }
      if (closed) return void line?.end().catch(() => undefined);
      tellWake('all');
      for (const topic of TOPICS) tellChange(topic);
      return tell();
    }
  };

  /** Tells all there is to tell; what could not be told is to be told later. */
  const tellAll = async () => {
    const [told, about] = [[...robots], [...topics]];
    robots.clear();
    topics.clear();
    try {
      if (!line) throw new Error('cut');
      for (const payload of toPayloads({ from, robots: told, topics: about })) {
        await line.query('select pg_notify($1, $2)', [CHANNEL, payload]);
      }
    } catch (cause) {
      for (const robot of told) robots.add(robot);
      for (const topic of about) topics.add(topic);
      throw cause;
    }
  };

  /** One at a time; what comes up meanwhile goes out together in the next. */
  const tell = () => {
    if (telling || (robots.size === 0 && topics.size === 0)) return;
    telling = true;
    void (async () => {
      await breathe();
      const told = await tellAll().then(
        () => true,
        // It goes with the next word, the next pulse, or the next connection.
        () => false,
      );
      telling = false;
      if (told) tell();
    })();
  };

  const pulse = setInterval(() => {
    const client = line;
    if (!client) return;
    const timer = setTimeout(() => line === client && cut(new Error('the database is silent')), PULSE_PATIENCE_MS);
    client.query('select 1').then(
      () => {
        clearTimeout(timer);
        tell();
      },
      () => undefined,
    );
  }, PULSE_EVERY_MS).unref();

  await connect();
  return {
    ...heard,
    wake(woken) {
      tellWake(woken);
      for (const robot of woken) robots.add(robot);
      tell();
    },
    changed(topic) {
      tellChange(topic);
      topics.add(topic);
      tell();
    },
    verdict: () =>
      cutSince === undefined
        ? { ok: true, detail: 'the other replicas are heard' }
        : { ok: false, detail: `cut off from the other replicas for ${Math.ceil((Date.now() - cutSince) / 1000)} s` },
    async close() {
      clearInterval(pulse);
      // What was said just before the end is still told.
      await tellAll().catch(() => undefined);
      closed = true;
      await line?.end().catch(() => undefined);
    },
  };
}
