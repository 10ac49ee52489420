/** Authorisation, for every route there is: nobody reaches a route above their role, or past their door. */
import { type Access, ROLES, type Role, type Route } from '@fairlead/shared/api/route';
import { V1 } from '@fairlead/shared/api/v1';
import { expect, test } from 'vitest';
import { PASSWORD, type TestControlPlane, testControlPlane } from '../testing/test-control-plane.ts';
import { testRobot } from '../testing/test-robot.ts';

const routes = V1.flatMap((api) => Object.entries(api)).map(([name, route]) => ({ name, route: route as Route }));
const CALLERS = ['nobody', 'nonsense', ...ROLES] as const;
type CallerKind = (typeof CALLERS)[number];

/** A path that fits the route. What it names exists nowhere: only the door is tried. */
const example = (path: string): string =>
  path
    .replace(':sha256', 'a'.repeat(64))
    .replace(':seq', '1')
    .replace(':deployment', 'dep_0000000000')
    .replace(':environment', 'staging')
    .replace(':version', '1.0.0')
    .replace(':role', 'staging')
    .replace(':file', '1.root.json')
    .replace('*', 'trust/director.json')
    .replace(/:[a-z]+/g, 'nobody-here');

async function sessions(controlPlane: TestControlPlane): Promise<Record<CallerKind, string | undefined>> {
  const tokens: Record<string, string | undefined> = { nobody: undefined, nonsense: 'eyJhbGciOiJub25lIn0.e30.' };
  for (const role of ROLES) {
    await controlPlane.as(role);
    const { token } = await controlPlane
      .withToken()
      .operator.login({ body: { name: `the-${role}`, password: PASSWORD } });
    tokens[role] = token;
  }
  return tokens as Record<CallerKind, string | undefined>;
}

function mayEnter(access: Access, caller: CallerKind): boolean {
  if (access === 'public') return true;
  // Their tokens here are sessions; API tokens have a test of their own: identity.test.ts.
  if (access === 'session') return ROLES.some((role) => role === caller);
  const needed: Role | undefined = access === 'robot-or-viewer' ? 'viewer' : ROLES.find((role) => role === access);
  return needed !== undefined && ROLES.indexOf(caller as Role) >= ROLES.indexOf(needed);
}

test('no caller enters a route above its role, and each enters those of its role', async () => {
  const controlPlane = await testControlPlane();
  const tokens = await sessions(controlPlane);
  const knock = async (route: Route, caller: CallerKind) => {
    const token = tokens[caller];
    return controlPlane.app.inject({
      method: route.method,
      url: example(route.path),
      // Who may not enter is not told either whether the precondition holds.
      headers: { 'if-match': '"of long ago"', ...(token !== undefined && { authorization: `Bearer ${token}` }) },
      // Nothing that any route would carry out.
      ...(route.method !== 'GET' && { payload: { nothing: 'of this' } }),
    });
  };
  for (const { name, route } of routes) {
    // Its only argument is the path: entering means carrying it out.
    if (route.path === '/api/v1/login' || route.path === '/api/v1/logout') continue;
    for (const caller of CALLERS) {
      const { statusCode } = await knock(route, caller);
      const turnedAway = statusCode === 401 || statusCode === 403;
      expect(`${name}: ${caller} ${turnedAway ? 'turned away' : 'let in'}`).toBe(
        `${name}: ${caller} ${mayEnter(route.access, caller) ? 'let in' : 'turned away'}`,
      );
    }
  }
});

test('a robot enters its own routes and the blobs, and none that are for people', async () => {
  const controlPlane = await testControlPlane();
  const robot = testRobot(controlPlane, 'duck-1');
  await robot.enrol();
  const { operator } = await controlPlane.as('operator');
  await operator.acceptRobot({ params: { robot: robot.name }, body: {} });
  for (const { route } of routes) {
    const url = new URL(example(route.path).replace('nobody-here', robot.name), 'http://fairlead.test');
    const body = route.method === 'GET' ? undefined : Buffer.from('{"nothing":"of this"}');
    const request = { method: route.method, url, ...(body && { body }) };
    const { statusCode } = await controlPlane.app.inject({
      method: route.method,
      url: url.pathname,
      headers: { host: url.host, ...robot.sign(request), ...(body && { 'content-type': 'application/json' }) },
      ...(body && { payload: body }),
    });
    const forRobots = ['public', 'robot', 'waiting-robot', 'robot-or-viewer'].includes(route.access);
    const turnedAway = statusCode === 401 || statusCode === 403;
    expect(`${route.method} ${route.path} ${turnedAway}`).toBe(`${route.method} ${route.path} ${!forRobots}`);
  }
});
