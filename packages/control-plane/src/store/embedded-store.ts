/** The store of a control plane that has its database for itself: what each check-in asks for is kept in memory. */
import type { Database } from './database.ts';
import { kyselyStore } from './kysely-store.ts';
import { rememberMetadata } from './remember-metadata.ts';
import { rememberOrders } from './remember-orders.ts';
import { rememberRobots } from './remember-robots.ts';
import type { Store } from './store.ts';

export const embeddedStore = (database: Database): Store =>
  rememberOrders(rememberMetadata(rememberRobots(kyselyStore(database)).store).store);
