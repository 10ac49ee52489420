/** Which methods a path knows, over all served routes. */
import type { Route } from '@fairlead/shared/api/route';

export function methodsOf(routes: readonly Route[], path: string): readonly string[] {
  const methods = routes.filter((route) => fits(route.path, path)).map(({ method }) => method);
  return [...new Set(methods)].sort();
}

/** Segment by segment; `:name` fits any one, `*` fits the rest. */
function fits(pattern: string, path: string): boolean {
  const given = path.split('/');
  const wanted = pattern.split('/');
  if (wanted.at(-1) === '*') given.splice(wanted.length - 1, Number.POSITIVE_INFINITY, '*');
  return given.length === wanted.length && wanted.every((part, i) => part.startsWith(':') || part === given[i]);
}
