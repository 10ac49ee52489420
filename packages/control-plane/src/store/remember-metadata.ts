/**
 * A store that keeps the newest signed metadata of each role in memory: every answer to a check-in names their versions,
 * and they change when somebody publishes. Whoever adds metadata through this store makes it forget at once; what
 * another process adds has to be told with `forget`.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import { memory } from './memory.ts';
import type { MetadataRole, MetadataSlice, StoredMetadata } from './metadata.ts';
import type { Store } from './store.ts';

export function rememberMetadata(inner: Store): { readonly store: Store; forget(): void } {
  const newest = memory<MetadataRole, StoredMetadata>();
  const inTransaction = new AsyncLocalStorage<true>();
  const forgetting = async <T>(work: (touched: () => void) => Promise<T>): Promise<T> => {
    let touched = false;
    try {
      return await work(() => void (touched = true));
    } finally {
      if (touched) newest.forgetAll();
    }
  };
  const adding = (metadata: MetadataSlice, touched: () => void): MetadataSlice => ({
    ...metadata,
    add(one, at) {
      touched();
      return metadata.add(one, at);
    },
  });
  const { metadata } = inner;
  const store: Store = {
    ...inner,
    metadata: {
      ...metadata,
      // Inside a transaction the store refuses, whether or not it is known here.
      newest: (role) =>
        inTransaction.getStore() ? metadata.newest(role) : newest.recall(role, () => metadata.newest(role)),
      add: (one, at) => forgetting((touched) => adding(metadata, touched).add(one, at)),
    },
    transaction: (work) =>
      forgetting((touched) =>
        inTransaction.run(true, () =>
          inner.transaction((slices) => work({ ...slices, metadata: adding(slices.metadata, touched) })),
        ),
      ),
  };
  return { store, forget: newest.forgetAll };
}
