/** Port: the one record of the update in progress. What was written last is what is read, also after a power cut. */
import type { Result } from '@fairlead/shared/failure';
import type { Journal } from '@fairlead/shared/update/journal';

export interface JournalStore {
  /** Resolves once durable. */
  write(journal: Journal): Promise<void>;
  /**
   * Undefined where no update is in progress. A journal that can't be read is refused (`bad_journal`) and put
   * aside, so that the next read finds the robot idle: a robot that can't start its agent can't be helped.
   * `leave` leaves it where it is, for the agent that wrote it.
   */
  read(options?: { readonly leave: boolean }): Promise<Result<Journal | undefined>>;
  /** The update is over. Resolves once durable; absent already is fine. */
  clear(): Promise<void>;
}
