/** Every story a simulation can tell, the usual one first. */
import type { Story } from '../stage.ts';
import { directOrders } from './direct-orders.ts';
import { rollouts } from './rollouts.ts';

export const STORIES: readonly Story[] = [rollouts(), directOrders];
