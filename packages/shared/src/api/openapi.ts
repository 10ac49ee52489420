/** Prints route definitions as an OpenAPI 3.1 document: TypeBox schemas are JSON Schema already. */
import type { TObject, TSchema } from 'typebox';
import { Refusal } from '../failure.ts';
import { DeploymentEvent, DeploymentView } from '../fleet/deployment-view.ts';
import { Explanation } from '../fleet/explanation.ts';
import { Inventory, RobotView } from '../fleet/robot-facts.ts';
import { RolloutSpec, Stage } from '../rollout/rollout-spec.ts';
import { Envelope } from '../trust/assignment.ts';
import { PROBLEM_TYPE, PROBLEMS, Problem } from './problem.ts';
import { RolloutView, StageView } from './rollout-api.ts';
import type { Access, Api, Route } from './route.ts';
import { shareSchemas } from './share-schemas.ts';

/** JSON, without functions or undefined. */
export type OpenApiDocument = Readonly<Record<string, unknown>>;

/** What several routes speak of; written down once. */
const SHARED = {
  DeploymentEvent,
  DeploymentView,
  Envelope,
  Explanation,
  Inventory,
  Problem,
  Refusal,
  RobotView,
  RolloutSpec,
  RolloutView,
  Stage,
  StageView,
};

const PROBLEM_REPLY = { $ref: '#/components/responses/Problem' };

export function openApi(apis: readonly Api[]): OpenApiDocument {
  const paths: Record<string, Record<string, unknown>> = {};
  for (const [name, route] of apis.flatMap((api) => Object.entries(api))) {
    const path = route.path.replace(/:([A-Za-z0-9]+)/g, '{$1}').replace('*', '{path}');
    (paths[path] ??= {})[route.method.toLowerCase()] = operation(name, route);
  }
  const shared = shareSchemas(paths, SHARED);
  return {
    openapi: '3.1.0',
    info: {
      title: 'Fairlead control plane',
      version: 'v1',
      description: 'Signed, staged, self-healing releases for robots. v1 only grows.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    paths: shared.document,
    components: {
      schemas: shared.schemas,
      responses: {
        Problem: {
          description: `A problem document (RFC 9457). code is one of: ${Object.keys(PROBLEMS).join(', ')}.`,
          content: { [PROBLEM_TYPE]: { schema: { $ref: '#/components/schemas/Problem' } } },
        },
      },
      securitySchemes: SECURITY_SCHEMES,
    },
  };
}

const SECURITY_SCHEMES = {
  person: { type: 'http', scheme: 'bearer', description: 'A session token of POST /api/v1/login, or an API token.' },
  robot: {
    type: 'apiKey',
    in: 'header',
    name: 'signature',
    description:
      'RFC 9421 with Ed25519: label sig over "@method" "@authority" "@path" "@query" "content-digest", ' +
      'parameters created, nonce, keyid, tag="fairlead-robot-v1".',
  },
};

const SECURITY: Readonly<Record<Access, readonly object[]>> = {
  public: [],
  robot: [{ robot: [] }],
  'waiting-robot': [{ robot: [] }],
  'enrolling-robot': [{ robot: [] }],
  'robot-or-viewer': [{ robot: [] }, { person: [] }],
  session: [{ person: [] }],
  viewer: [{ person: [] }],
  operator: [{ person: [] }],
  admin: [{ person: [] }],
};

function operation(operationId: string, route: Route): object {
  return {
    operationId,
    summary: route.summary,
    description: `Access: ${route.access}.`,
    tags: [route.tag],
    security: SECURITY[route.access],
    parameters: [
      ...parametersOf('path', route.params),
      ...parametersOf('query', route.query),
      ...(route.etag === 'checked' ? [IF_MATCH] : []),
    ],
    ...(route.body !== undefined && {
      requestBody: { required: isRequired(route.body), content: contentOf(route.body) },
    }),
    responses: {
      [route.status ?? 200]: {
        description: 'Done',
        ...(route.etag && { headers: { ETag } }),
        content: contentOf(route.reply),
      },
      default: PROBLEM_REPLY,
    },
  };
}

const ETag = {
  description: 'What commands depend on: state, stage, stop reason and failures. The same as revision, in quotes.',
  schema: { type: 'string' },
};
const IF_MATCH = {
  name: 'If-Match',
  in: 'header',
  required: false,
  description:
    'The ETag that the caller saw. Where it has changed, the command is refused with 412 and says what has changed.',
  schema: { type: 'string' },
};

function parametersOf(place: 'path' | 'query', schema: TObject | undefined): object[] {
  return Object.entries(schema?.properties ?? {}).map(([name, property]) => ({
    name: name === '*' ? 'path' : name,
    in: place,
    required: place === 'path' || schema?.required?.includes(name) === true,
    schema: property,
  }));
}

function contentOf(schema: TSchema | 'bytes' | 'text'): object {
  if (schema === 'bytes') return { 'application/octet-stream': {} };
  if (schema === 'text') return { 'text/plain': { schema: { type: 'string' } } };
  return { 'application/json': { schema } };
}

/** A body of nothing but wishes may be left out. */
const isRequired = (body: TSchema | 'bytes'): boolean =>
  body === 'bytes' || !('required' in body) || !Array.isArray(body.required) || body.required.length > 0;
