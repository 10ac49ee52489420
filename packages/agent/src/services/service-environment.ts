import type { ComponentName } from '@fairlead/shared/ids';
import type { ServiceCommand } from '../config.ts';

/** The variables that agent.yaml gives the services of a component. Its command health checks get them too. */
export const serviceEnvironment =
  (commands: Readonly<Record<string, ServiceCommand>> = {}) =>
  (component: ComponentName): Readonly<Record<string, string>> =>
    Object.assign(
      {},
      ...Object.values(commands).map((command) => (command.component === component ? command.env : {})),
    );
