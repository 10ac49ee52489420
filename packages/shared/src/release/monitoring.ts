/** `monitoring` of a release: its health checks after the commit. */
import { type Static, Type } from 'typebox';

/** How the health checks go on after the commit; Kubernetes calls the two fields periodSeconds and failureThreshold. */
export const Monitoring = Type.Object(
  {
    intervalSec: Type.Optional(
      Type.Integer({
        minimum: 5,
        maximum: 3600,
        description:
          'Pause between two attempts of one health check. Default 30. Services are checked at least every 30 s.',
      }),
    ),
    failureThreshold: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: 20,
        description:
          'Failed attempts of one check in a row after which the robot reports the release as degraded. Default 3.',
      }),
    ),
  },
  {
    additionalProperties: false,
    description: 'How the health checks continue after the commit, until the next update.',
  },
);
export type Monitoring = Static<typeof Monitoring>;
