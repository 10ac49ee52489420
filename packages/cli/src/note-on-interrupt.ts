/** Ctrl-C in a command that only waits, or that has begun something: what goes on without it is printed before it ends. */

interface Interruptible {
  once(signal: 'SIGINT', listener: () => void): unknown;
  removeListener(signal: 'SIGINT', listener: () => void): unknown;
  kill(pid: number, signal: 'SIGINT'): unknown;
  readonly pid: number;
}

/**
 * Runs `work`. At the first Ctrl-C `print` is called once, and the process ends as it does without this: by the signal, so
 * that a script sees it.
 */
export async function noteOnInterrupt<T>(
  print: () => void,
  work: () => Promise<T>,
  process: Interruptible = globalThis.process,
): Promise<T> {
  // A progress bar listens too, and then the signal alone ends nothing: it is sent again.
  const onInterrupt = (): void => {
    print();
    process.kill(process.pid, 'SIGINT');
  };
  process.once('SIGINT', onInterrupt);
  try {
    return await work();
  } finally {
    process.removeListener('SIGINT', onInterrupt);
  }
}
