/** One real control plane process, whose log goes to a file of its own, an operator of it and an accepted robot. */
import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { closeSync, openSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { INVENTORY } from '@fairlead/control-plane/testing/test-robot';
import { createClient } from '@fairlead/shared/api/client';
import { operatorApi } from '@fairlead/shared/api/operator-api';
import { robotApi } from '@fairlead/shared/api/robot-api';
import type { EnvironmentName, RobotId } from '@fairlead/shared/ids';
import { generateKeyPair, signerFromSeed } from '@fairlead/shared/trust/ed25519';
import { signRequest } from '@fairlead/shared/trust/http-signature';
import { undiciTransport } from '@fairlead/toolkit/http/undici-transport';
import { waitFor } from '../../../scripts/local-fleet/wait-for.ts';
import type { Authorize } from './every-route.ts';

const MAIN = fileURLToPath(import.meta.resolve('@fairlead/control-plane/main'));
const ROBOT = 'duck-1' as RobotId;

export interface ControlPlaneProcess {
  readonly child: ChildProcess;
  readonly port: number;
  readonly url: string;
  readonly log: () => Promise<string>;
  /** As the admin, or as an accepted robot: whichever the route lets in. */
  readonly authorize: Authorize;
  kill(): void;
}

/** `folder`: data and log; default node where no other is named. */
export async function startControlPlane(folder: string): Promise<ControlPlaneProcess> {
  const data = join(folder, 'data');
  const logFile = join(folder, 'log');
  const out = openSync(logFile, 'a');
  const child = spawn(process.execPath, [MAIN, '--data', data, '--listen', '127.0.0.1:0'], {
    stdio: ['ignore', out, out],
  });
  closeSync(out);
  const log = () => readFile(logFile, 'utf8');
  try {
    return await greet(child, data, log);
  } catch (error) {
    child.kill('SIGKILL');
    throw error;
  }
}

/** Logs in, enrols a robot and accepts it. */
async function greet(child: ChildProcess, data: string, log: () => Promise<string>): Promise<ControlPlaneProcess> {
  const listening = async () => /"url":"([^"]+)"/.exec(await log())?.[1];
  const url = await waitFor('the control plane to listen', listening, { timeoutMs: 120_000 });
  const transport = undiciTransport();
  const password = (await readFile(join(data, 'initial-admin-password'), 'utf8')).trim();
  const anyone = createClient(operatorApi, { baseUrl: url, transport });
  const first = await anyone.login({ body: { name: 'admin', password } });
  const { token } = await createClient(operatorApi, {
    baseUrl: url,
    transport,
    authorise: () => ({ authorization: `Bearer ${first.token}` }),
  }).changeMyPassword({ body: { password, newPassword: `${password} of my own` } });
  const bearer = { authorization: `Bearer ${token}` };
  const operator = createClient(operatorApi, { baseUrl: url, transport, authorise: () => bearer });
  const signer = signerFromSeed(generateKeyPair().seed);
  const sign = (request: Parameters<typeof signRequest>[0]): Record<string, string> =>
    signRequest(request, signer, { created: Date.now(), nonce: randomBytes(16).toString('hex') });
  await createClient(robotApi, { baseUrl: url, transport, authorise: sign }).enrol({
    body: {
      robot: ROBOT,
      publicKey: signer.publicKey,
      environment: 'development' as EnvironmentName,
      inventory: INVENTORY,
    },
  });
  await operator.acceptRobot({ params: { robot: ROBOT }, body: {} });
  return {
    child,
    port: Number(new URL(url).port),
    url,
    log,
    authorize: ({ access }, { method, path, body }) =>
      access === 'robot' || access === 'waiting-robot' || access === 'enrolling-robot'
        ? { ...sign({ method, url: new URL(url + path), ...(body.length > 0 && { body }) }), host: new URL(url).host }
        : { ...bearer, host: new URL(url).host },
    kill: () => void child.kill('SIGKILL'),
  };
}
