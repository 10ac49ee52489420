/**
 * Authorisation is decided in one place for one robot and for the whole fleet (DESIGN 7.14): whoever may not do it to one
 * may not do it to many by calling them a group, and whoever may do it to many may do it to one.
 */

import { ROLES, type Role } from '@fairlead/shared/api/route';
import type { Target } from '@fairlead/shared/fleet/target';
import type { ComponentName, RobotId, Version } from '@fairlead/shared/ids';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { refusal } from '../testing/refusal.ts';
import type { People } from '../testing/test-control-plane.ts';
import { testFleet } from '../testing/test-fleet.ts';
import { isAtLeast } from './authenticate.ts';

const component = 'duck-policy' as ComponentName;
const version = '1.0.0' as Version;
const OPERATIONS = {
  preview: {
    least: 'viewer',
    call: ({ operator }: People, target: Target) => operator.previewTarget({ body: { target, component, version } }),
  },
  deploy: {
    least: 'operator',
    call: ({ operator }: People, target: Target) => operator.deploy({ body: { target, component, version } }),
  },
  rollBack: {
    least: 'operator',
    call: ({ operator }: People, target: Target) =>
      operator.rollBack({ body: { target, component, toVersion: version } }),
  },
  createRollout: {
    least: 'operator',
    call: ({ operator }: People, target: Target) => operator.createRollout({ body: { target, component, version } }),
  },
} as const satisfies Record<string, { readonly least: Role; call(people: People, target: Target): Promise<unknown> }>;

test('every role may do to many robots exactly what it may do to one, however they are named', async () => {
  const { controlPlane, publisher, robot, operator } = await testFleet();
  await publisher.publish({ version });
  for (const name of ['duck-1', 'duck-2', 'duck-3']) await robot(name, { group: 'ducks', labels: { site: 'munich' } });
  await operator.createGroup({ body: { name: 'bavaria', selector: 'site=munich' } });
  const people = {
    viewer: await controlPlane.as('viewer'),
    operator: await controlPlane.as('operator'),
    // The publisher is the admin.
    admin: { operator, publish: publisher.api },
  } satisfies Record<Role, People>;
  const target = fc.constantFrom<Target>(
    { robot: 'duck-1' as RobotId },
    { group: 'ducks' },
    { group: 'bavaria' },
    { selector: 'site=munich' },
    { selector: 'robot=duck-2' },
    { all: true },
  );
  const operation = fc.constantFrom(...Object.values(OPERATIONS));
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...ROLES), operation, target, async (role, { call, least }, meant) => {
      const expected = isAtLeast(role, least) ? 'accepted' : 'forbidden';
      expect(await refusal(call(people[role], meant))).toBe(expected);
    }),
    { numRuns: 80 },
  );
});
