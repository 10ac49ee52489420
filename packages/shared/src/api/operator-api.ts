/** Everything people and their scripts may ask of the control plane, as one typed client. */
import { alertApi } from './alert-api.ts';
import { deploymentApi } from './deployment-api.ts';
import { fleetApi } from './fleet-api.ts';
import { peopleApi } from './people-api.ts';
import { rolloutApi } from './rollout-api.ts';
import type { Api } from './route.ts';
import { rulesApi } from './rules-api.ts';

export const operatorApi = {
  ...peopleApi,
  ...fleetApi,
  ...deploymentApi,
  ...rolloutApi,
  ...rulesApi,
  ...alertApi,
} as const satisfies Api;
