/**
 * Tells the service manager how the agent is (sd_notify(3)). Node has no Unix datagrams, so the launcher opened the
 * socket and left it to us: a write is a datagram, and comes from the one process that systemd listens to.
 */
import { writeSync } from 'node:fs';

export interface ServiceNotifier {
  /** Milliseconds within which the watchdog must be fed; undefined where nobody watches. */
  readonly watchdogMs: number | undefined;
  /** Lines `NAME=VALUE`. Never throws: a service manager that went away is no reason to stop working. */
  tell(...lines: readonly string[]): void;
}

/** `told`: `process.env`. */
export function serviceNotifier(told: Readonly<Record<string, string | undefined>>): ServiceNotifier {
  const fd = Number(told['FAIRLEAD_NOTIFY_FD'] ?? Number.NaN);
  const watchdogUsec = Number(told['WATCHDOG_USEC'] ?? Number.NaN);
  const isListening = Number.isInteger(fd);
  return {
    watchdogMs: isListening && watchdogUsec > 0 ? watchdogUsec / 1000 : undefined,
    tell: (...lines) => {
      if (!isListening) return;
      try {
        writeSync(fd, lines.join('\n'));
      } catch {
        // ECONNREFUSED while systemd re-executes itself: the next one arrives.
      }
    },
  };
}
