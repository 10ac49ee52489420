/**
 * The policy for errors that no code caught (decision 0027). One is logged and the process continues: it holds no state
 * that an exception leaves half-written, because everything durable is a transaction or one rename. A burst of them, or
 * an error in a process that is on trial, ends it: its supervisor starts it again from what is on disk.
 */
import { MINUTE } from '@fairlead/shared/time';

/** More within one minute end the process. */
export const MOST_UNCAUGHT_PER_MINUTE = 10;

/** The part of `process` that is used. */
export interface UncaughtSource {
  on(event: 'uncaughtException' | 'unhandledRejection', listener: (error: unknown) => void): unknown;
  exit(code: number): void;
}
export interface UncaughtOptions {
  readonly source: UncaughtSource;
  /** Monotonic milliseconds. */
  readonly elapsed: () => number;
  /** Called for each error. `isLast`: the process ends now. */
  readonly onError: (error: unknown, isLast: boolean) => void;
  /** Whether one error is enough to end the process; a rejection counts as yes. Default: never. */
  readonly isOnTrial?: () => Promise<boolean>;
}

export function handleUncaughtErrors({ source, elapsed, onError, isOnTrial }: UncaughtOptions): void {
  let recent: number[] = [];
  const handle = (error: unknown): void => {
    const now = elapsed();
    recent = [...recent.filter((at) => now - at < MINUTE), now];
    const isLast = recent.length > MOST_UNCAUGHT_PER_MINUTE;
    try {
      onError(error, isLast);
    } catch {
      // A logger that fails must not turn one error into an endless series.
    }
    if (isLast) return source.exit(1);
    const end = (): void => source.exit(1);
    isOnTrial?.().then((yes) => {
      if (yes) end();
    }, end);
  };
  source.on('uncaughtException', handle);
  source.on('unhandledRejection', handle);
}
