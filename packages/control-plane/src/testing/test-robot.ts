/** A robot that speaks the API with a key of its own. */
import { randomBytes } from 'node:crypto';
import type { InputOf } from '@fairlead/shared/api/client';
import { type Client, createClient, type TransportRequest } from '@fairlead/shared/api/client';
import { filesApi } from '@fairlead/shared/api/files-api';
import { robotApi } from '@fairlead/shared/api/robot-api';
import type { Inventory } from '@fairlead/shared/fleet/robot-facts';
import type { EnvironmentName, RobotId } from '@fairlead/shared/ids';
import { generateKeyPair, type Signer, signerFromSeed } from '@fairlead/shared/trust/ed25519';
import { signRequest } from '@fairlead/shared/trust/http-signature';
import { injectTransport, TEST_URL } from './inject-transport.ts';
import type { TestControlPlane } from './test-control-plane.ts';

export const INVENTORY: Inventory = {
  hostname: 'duck',
  arch: 'arm64',
  os: 'Ubuntu 22.04',
  kernel: '5.15',
  cpu: 'Cortex-A78AE',
  cores: 6,
  memoryMb: 7620,
  diskMb: 64_000,
  agentVersion: '0.1.0',
  nodeVersion: '24.21.0',
};
export type EnrolBody = InputOf<(typeof robotApi)['enrol']>['body'];
export type CheckInBody = InputOf<(typeof robotApi)['checkIn']>['body'];

export interface TestRobot {
  readonly name: RobotId;
  readonly signer: Signer;
  readonly client: Client<typeof robotApi>;
  readonly files: Client<typeof filesApi>;
  enrol(more?: Partial<EnrolBody>): ReturnType<Client<typeof robotApi>['enrol']>;
  checkIn(more?: Partial<CheckInBody>): ReturnType<Client<typeof robotApi>['checkIn']>;
  /** The three headers for a request of this robot, signed now. */
  sign(request: Pick<TransportRequest, 'method' | 'url' | 'body'>, nonce?: string): Record<string, string>;
}

export function testRobot(
  controlPlane: Pick<TestControlPlane, 'app' | 'clock'>,
  name: string,
  {
    environment = 'development' as EnvironmentName,
    signer = signerFromSeed(generateKeyPair().seed),
    baseUrl = TEST_URL,
    transport = injectTransport(controlPlane.app),
  } = {},
): TestRobot {
  const robot = name as RobotId;
  const sign: TestRobot['sign'] = (request, nonce = randomBytes(16).toString('hex')) =>
    signRequest(request, signer, { created: controlPlane.clock.now(), nonce });
  const options = { baseUrl, transport, authorise: sign };
  const client = createClient(robotApi, options);
  return {
    name: robot,
    signer,
    client,
    files: createClient(filesApi, options),
    sign,
    enrol: (more) =>
      client.enrol({ body: { robot, publicKey: signer.publicKey, environment, inventory: INVENTORY, ...more } }),
    checkIn: (more) => client.checkIn({ params: { robot }, body: { ...question(), ...more } }),
  };
}

/** What an idle robot without releases asks. */
export const question = (): CheckInBody => ({
  nonce: randomBytes(16).toString('hex'),
  bootId: 'boot-1',
  agentVersion: '0.1.0',
  knownSeq: 0,
  waitSec: 0,
  components: [],
  activity: { state: 'idle' },
  trust: { root: 0, timestamp: 0, snapshot: 0, role: 0 },
  unsentReports: 0,
});
