/**
 * `release.yaml`, the author's file (DESIGN 4). What the author says here is signed with the manifest, so
 * the same sections appear in both: tolerances, health checks and limits are as tamper-proof as the bytes.
 * Unknown keys are errors: a misspelt `rtoll` must not silently mean "default".
 */
import { type Static, Type } from 'typebox';
import { ComponentName, ReleasePath, Version } from '../ids.ts';
import { Monitoring } from './monitoring.ts';
import { OutputTolerance } from './output-tolerance.ts';
import { Requirements } from './requirements.ts';

const closed = { additionalProperties: false };
const seconds = (what: string, maximum: number) =>
  Type.Integer({ minimum: 1, maximum, description: `${what}, in seconds.` });
const glob = Type.String({ minLength: 1, maxLength: 200 });
const UnitName = Type.String({
  pattern: '^[A-Za-z0-9][A-Za-z0-9:_.@-]{0,127}$',
  description: 'A service name; for systemd the unit, ".service" may be left out.',
});

export const OnnxSmokeTest = Type.Object(
  {
    model: ReleasePath,
    goldens: Type.Optional(
      Type.Union([glob, Type.Array(glob, { minItems: 1, maxItems: 50 })], {
        description: 'Golden files: globs inside the release.',
      }),
    ),
    rtol: Type.Optional(
      Type.Number({ minimum: 0, maximum: 1, description: 'Relative tolerance. Default 1e-3; float16: 1e-2.' }),
    ),
    atol: Type.Optional(
      Type.Number({
        minimum: 0,
        description:
          'Absolute tolerance. Default 1e-4: x64 and arm64 kernels differ that much. float16: 1 % of the largest value, at most 1e-2.',
      }),
    ),
    outputs: Type.Optional(
      Type.Record(Type.String({ maxLength: 200 }), OutputTolerance, {
        description: 'Tolerances and ranges per output name.',
      }),
    ),
    warmup: Type.Optional(Type.Integer({ minimum: 0, maximum: 1000, description: 'Runs before timing. Default 5.' })),
    runs: Type.Optional(Type.Integer({ minimum: 1, maximum: 10000, description: 'Timed runs. Default 50.' })),
    p95Ms: Type.Optional(
      Type.Number({
        exclusiveMinimum: 0,
        description:
          'Latency budget: 95th percentile of one run, milliseconds. A run that waits for a busy processor counts with its processor time.',
      }),
    ),
    maxMemoryMb: Type.Optional(
      Type.Integer({
        minimum: 128,
        maximum: 65536,
        description: 'Peak resident memory budget of the test process, MiB. Default 1024.',
      }),
    ),
    timeoutSec: Type.Optional(
      seconds(
        'Processor time of the whole test, and at most five times that by the clock; then it is killed. Default 20',
        600,
      ),
    ),
    requireGoldens: Type.Optional(
      Type.Boolean({ description: 'false lets a model ship without golden outputs. Default true.' }),
    ),
  },
  closed,
);
export const CommandSmokeTest = Type.Object(
  {
    run: Type.Array(Type.String({ minLength: 1, maxLength: 1000 }), {
      minItems: 1,
      maxItems: 50,
      description: 'Program and arguments; no shell. Runs in the staged release folder.',
    }),
    timeoutSec: Type.Optional(seconds('Time limit; then the whole process group is killed. Default 60', 3600)),
    maxMemoryMb: Type.Optional(Type.Integer({ minimum: 16, maximum: 65536, description: 'Address-space limit, MiB.' })),
  },
  closed,
);
export const SmokeTest = Type.Union([
  Type.Object({ onnx: OnnxSmokeTest }, closed),
  Type.Object({ command: CommandSmokeTest }, closed),
]);

const Attempts = {
  intervalSec: Type.Optional(seconds('Pause between attempts. Default 3', 600)),
  attempts: Type.Optional(
    Type.Integer({
      minimum: 1,
      maximum: 1000,
      description: 'How often it is tried until it must have passed. Default 10.',
    }),
  ),
  timeoutSec: Type.Optional(seconds('Time limit of one attempt. Default 5', 300)),
};
export const HealthCheck = Type.Union([
  Type.Object(
    {
      http: Type.Object(
        {
          url: Type.String({
            pattern: '^https?://',
            maxLength: 500,
            description: 'An http:// or https:// URL, such as http://127.0.0.1:9208/health.',
          }),
          expectStatus: Type.Optional(Type.Integer({ minimum: 100, maximum: 599 })),
          ...Attempts,
        },
        closed,
      ),
    },
    closed,
  ),
  Type.Object(
    {
      tcp: Type.Object(
        {
          host: Type.Optional(Type.String({ maxLength: 253 })),
          port: Type.Integer({ minimum: 1, maximum: 65535 }),
          ...Attempts,
        },
        closed,
      ),
    },
    closed,
  ),
  Type.Object(
    {
      command: Type.Object(
        { run: Type.Array(Type.String({ minLength: 1, maxLength: 1000 }), { minItems: 1, maxItems: 50 }), ...Attempts },
        closed,
      ),
    },
    closed,
  ),
  Type.Object(
    {
      systemd: Type.Object(
        {
          unit: UnitName,
          maxRestarts: Type.Optional(
            Type.Integer({
              minimum: 0,
              maximum: 100,
              description:
                'Unplanned restarts that are no failure: in the probation (default 0), and within any 10 minutes after the commit (default 1).',
            }),
          ),
        },
        closed,
      ),
    },
    closed,
  ),
]);

const Source = Type.Object(
  {
    repository: Type.Optional(Type.String({ maxLength: 500 })),
    branch: Type.Optional(Type.String({ maxLength: 255 })),
    commit: Type.Optional(Type.String({ maxLength: 100 })),
  },
  closed,
);

/** The sections that are copied unchanged from `release.yaml` into the signed manifest. */
export const signedSections = {
  component: ComponentName,
  version: Version,
  description: Type.Optional(Type.String({ maxLength: 2000 })),
  source: Type.Optional(Source),
  requires: Type.Optional(Requirements),
  services: Type.Optional(
    Type.Array(UnitName, {
      maxItems: 50,
      uniqueItems: true,
      description: 'Stopped in reverse, started in this order.',
    }),
  ),
  smokeTests: Type.Optional(Type.Array(SmokeTest, { maxItems: 50 })),
  healthChecks: Type.Optional(Type.Array(HealthCheck, { maxItems: 50 })),
  probation: Type.Optional(
    Type.Object(
      {
        seconds: Type.Integer({
          minimum: 0,
          maximum: 86400,
          description: 'How long health checks must keep passing after the switch. Default 60.',
        }),
      },
      closed,
    ),
  ),
  monitoring: Type.Optional(Monitoring),
  state: Type.Optional(
    Type.Object(
      {
        backup: Type.Array(Type.String({ pattern: '^/', maxLength: 1024, description: 'An absolute path.' }), {
          maxItems: 50,
          description: 'Absolute paths the release may change; saved before the switch, restored by a rollback.',
        }),
      },
      closed,
    ),
  ),
  rollback: Type.Optional(
    Type.Object(
      {
        onFailure: Type.Boolean({
          description: 'false leaves a failing release in place for inspection. Default true.',
        }),
      },
      closed,
    ),
  ),
};

export const ReleaseYaml = Type.Object(
  {
    ...signedSections,
    files: Type.Optional(
      Type.Object(
        {
          include: Type.Optional(
            Type.Array(glob, {
              minItems: 1,
              maxItems: 100,
              description: 'Patterns as in .gitignore. Default: every file.',
            }),
          ),
          exclude: Type.Optional(Type.Array(glob, { maxItems: 100, description: 'Patterns as in .gitignore.' })),
          allowSecrets: Type.Optional(
            Type.Array(ReleasePath, {
              maxItems: 100,
              description: 'Paths of files that look like secrets (private keys, tokens) and are packed all the same.',
            }),
          ),
          untestedModels: Type.Optional(
            Type.Array(ReleasePath, {
              maxItems: 100,
              description:
                'Paths of models in formats that Fairlead cannot load (TensorRT, PyTorch, .ort …); they are packed without a test.',
            }),
          ),
        },
        {
          ...closed,
          description:
            'Which files of the folder are packed. Default: all but release.yaml, .fairleadignore and what no robot needs.',
        },
      ),
    ),
  },
  { ...closed, title: 'release.yaml', description: 'What a policy engineer writes to describe a release.' },
);
export type ReleaseYaml = Static<typeof ReleaseYaml>;
export type SmokeTest = Static<typeof SmokeTest>;
export type OnnxSmokeTest = Static<typeof OnnxSmokeTest>;
export type CommandSmokeTest = Static<typeof CommandSmokeTest>;
export type HealthCheck = Static<typeof HealthCheck>;
