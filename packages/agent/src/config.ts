/** `agent.yaml`: what the integrator of this robot decided. Every key has one description, here. */

import { Labels } from '@fairlead/shared/fleet/robot-facts';
import { ComponentName, EnvironmentName, RobotId, Sha256 } from '@fairlead/shared/ids';
import { UpdateWindow } from '@fairlead/shared/update/update-window';
import { type Static, Type } from 'typebox';
import { Preconditions } from './conditions/preconditions.ts';
import { SafeStateConfig } from './conditions/safe-state.ts';

const closed = { additionalProperties: false };
const path = (description: string) =>
  Type.String({ pattern: '^/', maxLength: 1024, description: `An absolute path. ${description}` });
export const ServiceCommand = Type.Object(
  {
    component: ComponentName,
    run: Type.Array(Type.String({ minLength: 1, maxLength: 4096 }), {
      minItems: 1,
      maxItems: 100,
      description: 'Program and arguments, no shell. A relative program lies in the active release.',
    }),
    env: Type.Optional(Type.Record(Type.String({ pattern: '^[^=\\x00]+$' }), Type.String(), closed)),
    cwd: Type.Optional(
      Type.String({ maxLength: 1024, description: 'Relative to the active release. Default: its root.' }),
    ),
    stopTimeoutSec: Type.Optional(
      Type.Integer({ minimum: 1, maximum: 600, description: 'Between SIGTERM and SIGKILL. Default 10.' }),
    ),
  },
  closed,
);
export type ServiceCommand = Static<typeof ServiceCommand>;

const Services = Type.Object(
  {
    manager: Type.Enum(['process', 'systemd'], {
      description: 'process: the agent supervises `commands` itself. systemd: units of the machine. Default systemd.',
    }),
    commands: Type.Optional(
      Type.Record(Type.String({ pattern: '^[A-Za-z0-9][A-Za-z0-9:_.@-]{0,127}$' }), ServiceCommand, {
        ...closed,
        description: 'For the process manager: one command per service name.',
      }),
    ),
    onAgentExit: Type.Optional(
      Type.Enum(['keep', 'stop'], {
        description: 'Whether supervised commands outlive the agent and are adopted by the next one. Default keep.',
      }),
    ),
  },
  closed,
);

export const AgentYaml = Type.Object(
  {
    server: Type.String({
      pattern: '^https?://',
      maxLength: 500,
      description: 'URL of the control plane: scheme, host and port, such as https://fleet.example.',
    }),
    proxy: Type.Optional(
      Type.Union(
        [
          Type.Literal('none'),
          Type.Object(
            {
              url: Type.String({
                maxLength: 500,
                description: 'http://proxy.example:3128, with a user and a password where it wants them (%40 for @).',
              }),
              noProxy: Type.Optional(
                Type.Array(
                  Type.String({ pattern: '^[^\\s,]+$', maxLength: 253, description: 'A host without blanks.' }),
                  {
                    maxItems: 100,
                    description: 'Hosts that are asked directly: fleet.corp, .corp, 10.0.0.7:7300. No address ranges.',
                  },
                ),
              ),
            },
            closed,
          ),
        ],
        {
          description:
            'The HTTP proxy on the way to the control plane; none: directly. Default: HTTPS_PROXY, HTTP_PROXY and NO_PROXY of the agent. Health checks, safeState and loopback addresses never use it.',
        },
      ),
    ),
    tls: Type.Optional(
      Type.Object(
        {
          caFile: Type.Optional(
            path('PEM: only certificates of these authorities are accepted, in place of the public ones.'),
          ),
          clientCertFile: Type.Optional(path('PEM: the certificate that the robot shows, with its chain.')),
          clientKeyFile: Type.Optional(path('PEM: its private key, without a passphrase.')),
        },
        { ...closed, description: 'A private CA and mutual TLS. The files are read again for each request.' },
      ),
    ),
    robot: Type.Optional(RobotId),
    environment: EnvironmentName,
    group: Type.Optional(
      Type.String({
        pattern: '^[a-z0-9][a-z0-9-]{0,62}$',
        description: 'Its group in the fleet: lower-case letters, digits and dashes, at most 63.',
      }),
    ),
    labels: Type.Optional(Labels),
    root: Type.Optional(path('Where the agent keeps everything; one file system. Default /var/lib/fairlead.')),
    trust: Type.Union(
      [
        Type.Object({ rootFile: path('A root.json that came with the install medium.') }, closed),
        Type.Object({ rootSha256: Sha256 }, closed),
      ],
      { description: 'The pinned TUF root; nothing is ever trusted on first use.' },
    ),
    enrolment: Type.Optional(
      Type.Union(
        [
          Type.Object({ token: Type.String({ minLength: 1, maxLength: 200 }) }, closed),
          Type.Object({ tokenFile: path('File that holds the token alone.') }, closed),
        ],
        { description: 'One-time token. Without it the robot waits as pending until somebody accepts it.' },
      ),
    ),
    checkIn: Type.Optional(
      Type.Object(
        {
          intervalSec: Type.Optional(Type.Integer({ minimum: 1, maximum: 86400 })),
          jitterSec: Type.Optional(Type.Integer({ minimum: 0, maximum: 86400 })),
          longPollSec: Type.Optional(Type.Integer({ minimum: 0, maximum: 120 })),
        },
        { ...closed, description: 'Overrides of what the control plane asks for.' },
      ),
    ),
    updateWindow: Type.Optional(UpdateWindow),
    leases: Type.Optional(
      Type.Object(
        {
          maxSec: Type.Optional(
            Type.Integer({
              minimum: 1,
              maximum: 604_800,
              description: 'The longest a program may ask for. Default 3600.',
            }),
          ),
          alarmAfterSec: Type.Optional(
            Type.Integer({ minimum: 1, description: 'A lease that is older is reported, once. Default 14400.' }),
          ),
        },
        { ...closed, description: 'Busy leases: how programs on this robot say "not now".' },
      ),
    ),
    preconditions: Type.Optional(Preconditions),
    safeState: Type.Optional(SafeStateConfig),
    download: Type.Optional(
      Type.Object(
        {
          maxKbPerSec: Type.Optional(
            Type.Integer({ minimum: 1, description: 'Bandwidth limit, 1024 bytes per second.' }),
          ),
          unmeteredOnly: Type.Optional(
            Type.Literal(true, { description: 'Begins no download while the posted link is metered or unknown.' }),
          ),
        },
        closed,
      ),
    ),
    hardware: Type.Optional(
      Type.Object(
        {
          board: Type.Optional(
            Type.String({
              pattern: '^[a-z0-9._-]{1,100}$',
              description: 'Name of the board: lower-case letters, digits, dots, dashes and underscores.',
            }),
          ),
          jetpack: Type.Optional(
            Type.String({ pattern: '^[0-9]+(\\.[0-9]+){0,2}$', description: 'Version of JetPack, such as "6.1".' }),
          ),
        },
        { ...closed, description: 'What the agent cannot find out on this machine, or finds out wrongly.' },
      ),
    ),
    services: Type.Optional(Services),
    socket: Type.Optional(path('Unix socket of the local API. Default: agent.sock in the root folder.')),
    logLevel: Type.Optional(Type.Enum(['debug', 'info', 'warn', 'error'], { description: 'Default info.' })),
  },
  { ...closed, title: 'agent.yaml', description: 'Configuration of fairlead-agent.' },
);
export type AgentYaml = Static<typeof AgentYaml>;

/** The file with its defaults filled in. */
export interface AgentConfig extends AgentYaml {
  readonly robot: RobotId;
  /** Where this was read from, absolute. */
  readonly file: string;
  readonly root: string;
  readonly socket: string;
  /** What was left out of the file, for the log. */
  readonly warnings: readonly string[];
  readonly services: Static<typeof Services>;
}
