/** Finds the route that a request means, and the named parts of its path. */
import type { Api, Route } from '@fairlead/shared/api/route';

export interface FoundRoute {
  readonly name: string;
  readonly route: Route;
  readonly params: Readonly<Record<string, string>>;
}

export function findRoute(api: Api, method: string, path: string): FoundRoute | undefined {
  for (const [name, route] of Object.entries(api)) {
    const params = route.method === method ? matchPath(route.path, path) : undefined;
    if (params) return { name, route, params };
  }
  return undefined;
}

function matchPath(pattern: string, path: string): Record<string, string> | undefined {
  const [wanted, given] = [pattern.split('/'), path.split('/')];
  if (wanted.length !== given.length) return undefined;
  const params: Record<string, string> = {};
  for (const [at, part] of wanted.entries()) {
    const value = given[at] ?? '';
    if (part.startsWith(':')) params[part.slice(1)] = decode(value);
    else if (part !== value) return undefined;
  }
  return params;
}

/** What can't be decoded stays as it is, and its schema refuses it. */
function decode(value: string): string {
  try {
    return decodeURIComponent(value);
  } catch {
    return value;
  }
}
