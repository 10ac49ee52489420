/**
 * A logger that can't end its process: it writes to standard output, drops lines while that takes none (a full disk, a
 * closed pipe), and no serializer of it throws. In the journal of systemd each line has its priority.
 */
import { type Logger, type LoggerOptions, pino, type SerializerFn, stdSerializers } from 'pino';
import { isJournal } from './journal-message.ts';
import { withPriorities } from './journal-priority.ts';

/** Lines that wait for a full disk, in bytes; what comes then is dropped. */
const MOST_WAITING_BYTES = 1024 * 1024;

export function safeLogger(options: LoggerOptions): Logger {
  const output = pino.destination({ dest: 1, sync: true, maxLength: MOST_WAITING_BYTES });
  // Without a listener the error of a full disk would be an uncaught exception.
  output.on('error', () => undefined);
  const destination = isJournal(process.env, 1) ? withPriorities(output) : output;
  return pino({ ...options, serializers: { ...SAFE_SERIALIZERS, ...options.serializers } }, destination);
}

/** `serialize`, or a note that it failed: the line is worth more than its detail. */
export const neverThrowing =
  (serialize: SerializerFn): SerializerFn =>
  (value: unknown) => {
    try {
      return serialize(value);
    } catch (error) {
      return { unserializable: String(error) };
    }
  };

const SAFE_SERIALIZERS = { err: neverThrowing(stdSerializers.err) };
