/** A store whose process dies at the n-th write: just before that write is durable, or just after. */
import type { Slices, Store } from '../store/store.ts';

export class Killed extends Error {
  override readonly name = 'Killed';
}
export interface KillableStore extends Store {
  /** Writes that were begun. */
  writes(): number;
}

/** After its death every call fails, as from a process that is gone. */
export function killableStore(store: Store, killAt: number, when: 'before' | 'after'): KillableStore {
  let writes = 0;
  let isDead = false;
  const alive = () => {
    if (isDead) throw new Killed('the server is dead');
  };
  const write = async <T>(act: (mustFail: () => void) => Promise<T>): Promise<T> => {
    alive();
    writes += 1;
    const dies = writes === killAt;
    const die = () => {
      isDead = true;
      throw new Killed(`killed ${when} write ${killAt}`);
    };
    const result = await act(() => void (dies && when === 'before' && die()));
    if (dies && when === 'after') die();
    return result;
  };
  const guarded = <S extends object>(slice: S): S =>
    new Proxy(slice, {
      get(target, key) {
        alive();
        return Reflect.get(target, key);
      },
    });
  const slices = Object.fromEntries(
    Object.entries(store).map(([name, slice]) => [name, typeof slice === 'object' ? guarded(slice) : slice]),
  ) as unknown as Slices;
  return {
    ...slices,
    rollouts: { ...store.rollouts, drive: (...lease) => write(() => store.rollouts.drive(...lease)) },
    transaction: (work) =>
      write((mustFail) =>
        store.transaction(async (inner) => {
          const result = await work(inner);
          // Thrown inside: the transaction is rolled back, as by a power cut before its commit.
          mustFail();
          return result;
        }),
      ),
    database: store.database,
    ping: () => store.ping(),
    close: () => store.close(),
    writes: () => writes,
  };
}
