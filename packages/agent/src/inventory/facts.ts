/** Port: what this machine is and how it feels. */
import type { Inventory, Vitals } from '@fairlead/shared/fleet/robot-facts';

export interface Facts {
  /** Measured once per start of the agent; `agent.yaml` may override board and JetPack. */
  inventory(): Promise<Inventory>;
  /** Measured now, cheap enough for every check-in. `diskFreeMb` is the file system of the agent's root folder. */
  vitals(): Promise<Vitals>;
}
