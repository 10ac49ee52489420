/** Robots join: each introduces itself with its key and is accepted by a person, over the API. */
import { createClient } from '@fairlead/shared/api/client';
import { robotApi } from '@fairlead/shared/api/robot-api';
import { signRequest } from '@fairlead/shared/trust/http-signature';
import type { VirtualRobot } from '../robot/robot-handle.ts';
import { traitsOf } from '../robot/traits.ts';
import { createRobot } from '../robot/virtual-robot.ts';
import type { FaultProfile } from './faults.ts';
import type { Person } from './people.ts';
import { COMPONENT } from './publisher.ts';
import { untilAnswered } from './retry.ts';
import { SERVER_URL } from './server.ts';
import type { Release, World } from './world.ts';

/** The robot as it leaves the factory, with `first` on its disk; its agent has not been started yet. */
export async function joinFleet(
  world: World,
  index: number,
  order: { readonly first: Release; readonly operator: Person; readonly faults: FaultProfile },
): Promise<VirtualRobot> {
  const { first, operator, faults } = order;
  const traits = traitsOf(world.seed, index, faults);
  const { name: robot, signer, chance, group, labels, inventory } = traits;
  const client = createClient(robotApi, {
    baseUrl: SERVER_URL,
    transport: (request) => world.server.exchange(request, traits.from),
    authorise: (request) =>
      signRequest(request, signer, {
        created: world.agenda.now(),
        nonce: Buffer.from(chance.bytes(16)).toString('hex'),
      }),
  });
  const { environment } = world;
  // It may join while the server is down.
  const body = { robot, publicKey: signer.publicKey, environment, group, labels, inventory };
  await untilAnswered({ agenda: world.agenda, chance }, () => client.enrol({ body }));
  await operator.must((api) => api.acceptRobot({ params: { robot }, body: {} }));
  const joined = createRobot(world, traits);
  const { version, manifestSha256, releaseCounter } = first;
  joined.disk.active = { component: COMPONENT, version, manifestSha256, releaseCounter };
  joined.disk.committed = joined.disk.active;
  world.truth.orders(manifestSha256, [robot]);
  world.truth.joins(robot, joined.disk.active);
  return joined;
}
