import { V1 } from '@fairlead/shared/api/v1';
import { expect, test } from 'vitest';
import { methodsOf } from './methods-of.ts';

const routes = V1.flatMap((api) => Object.values(api));

test.each([
  ['/api/v1/users', ['GET', 'POST']],
  ['/api/v1/users/eve', ['DELETE', 'PATCH']],
  ['/api/v1/robots/duck-1/check-in', ['POST']],
  ['/tuf/targets/releases/production/a.json', ['GET']],
  ['/api/v1/users/eve/hat', []],
  ['/', []],
])('%s knows %o', (path, methods) => {
  expect(methodsOf(routes, path)).toEqual(methods);
});
