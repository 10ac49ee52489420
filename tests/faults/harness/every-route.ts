/** A request for every route of an API, made from the route's own definition: a new route is covered by itself. */
import { randomBytes } from 'node:crypto';
import type { Api, Route } from '@fairlead/shared/api/route';
import type { RawRequest } from './raw-request.ts';

/** What a parameter of this name looks like. */
const PARAMS: Readonly<Record<string, string>> = {
  sha256: 'a'.repeat(64),
  file: '1.root.json',
  '*': 'releases/none.json',
  robot: 'duck-1',
  deployment: 'dep_0000000001',
  rollout: 'ro_0000000001',
  environment: 'development',
  component: 'walking',
  version: '1.0.0',
  role: 'development',
  seq: '1',
};
/** Bodies that reach the disk; every other route gets an empty object. */
const BODIES: Readonly<Record<string, object>> = {
  createEnrolmentToken: { environment: 'development' },
  createGroup: { name: 'north', selector: 'site=north' },
  createToken: { name: 'ci', role: 'viewer' },
};

export interface RouteRequest extends RawRequest {
  readonly name: string;
  readonly route: Route;
}

/** The headers that let this request in. */
export type Authorize = (route: Route, request: Pick<RawRequest, 'method' | 'path' | 'body'>) => Record<string, string>;

/** But `logout`: it would end the session of all others. */
export const requestsOf = (apis: readonly Api[]): RouteRequest[] =>
  apis
    .flatMap((api) => Object.entries(api).map(([name, route]) => requestOf(name, route)))
    .filter(({ name }) => name !== 'logout');

/** Made for each request: a robot's signature counts once, and each upload is of a new blob. */
export function authorized(request: RouteRequest, authorize: Authorize): RouteRequest {
  const fresh = { ...request, path: request.path.replace(PARAMS['sha256'] ?? '', randomBytes(32).toString('hex')) };
  return { ...fresh, headers: { ...fresh.headers, ...authorize(fresh.route, fresh) } };
}

function requestOf(name: string, route: Route): RouteRequest {
  const path = route.path.replaceAll(
    /:([a-zA-Z0-9]+)|\*/g,
    (found, param: string | undefined) => PARAMS[param ?? found] ?? 'none',
  );
  const type = route.body === 'bytes' ? 'application/octet-stream' : 'application/json';
  const body = bodyOf(name, route);
  const query = route.body === 'bytes' ? '?offset=0&size=400000' : '';
  return {
    name,
    route,
    method: route.method,
    path: path + query,
    headers: body.length > 0 ? { 'content-type': type } : {},
    body,
  };
}

function bodyOf(name: string, { body }: Route): Buffer {
  if (body === undefined) return Buffer.alloc(0);
  return body === 'bytes' ? Buffer.alloc(400_000) : Buffer.from(JSON.stringify(BODIES[name] ?? {}));
}
