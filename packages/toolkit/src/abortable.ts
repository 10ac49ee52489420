/**
 * Settles as `promise` does, or rejects with the signal's reason as soon as it aborts.
 *
 * Use it wherever a loop waits for something or for an end. `Promise.race` adds a reaction to each of its promises and
 * never removes one: raced in a loop, a promise that does not settle retains the value of every turn. This listener is
 * removed when the wait is over.
 */
export function abortable<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const abort = (): void => reject(signal.reason as Error);
    if (signal.aborted) abort();
    else signal.addEventListener('abort', abort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
  });
}
