/** Answers of the database, kept until somebody forgets them. */
export interface Memory<K, V> {
  /** What is kept, or the answer of `ask`, which is kept from then on; that there is nothing is not kept. */
  recall<A extends V | undefined>(key: K, ask: () => Promise<A>): Promise<V | A>;
  /** Undefined where nothing is kept. */
  known(key: K): V | undefined;
  forget(keys: Iterable<K>): void;
  forgetAll(): void;
}

export function memory<K, V>(): Memory<K, V> {
  const kept = new Map<K, V>();
  /** Rises with everything forgotten: what was asked for before that may be old already. */
  let epoch = 0;
  return {
    async recall(key, ask) {
      const known = kept.get(key);
      if (known !== undefined) return known;
      const askedIn = epoch;
      const found = await ask();
      if (found !== undefined && askedIn === epoch) kept.set(key, found);
      return found;
    },
    known: (key) => kept.get(key),
    forget(keys) {
      for (const key of keys) {
        epoch += 1;
        kept.delete(key);
      }
    },
    forgetAll() {
      epoch += 1;
      kept.clear();
    },
  };
}
