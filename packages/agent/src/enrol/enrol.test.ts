import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ProblemError } from '@fairlead/shared/api/client';
import type { robotApi } from '@fairlead/shared/api/robot-api';
import type { ReplyOf, RequestOf } from '@fairlead/shared/api/route';
import type { RobotId, Sha256 } from '@fairlead/shared/ids';
import { testClock } from '@fairlead/shared/testing/test-clock';
import { sha256Hex } from '@fairlead/shared/trust/digest';
import { generateKeyPair, signerFromSeed } from '@fairlead/shared/trust/ed25519';
import { expect, onTestFinished, test } from 'vitest';
import { readIdentity } from '../identity/robot-identity.ts';
import { enrolRobot } from './enrol-robot.ts';
import { pinRoot } from './pin-root.ts';

const signer = signerFromSeed(generateKeyPair(new Uint8Array(32).fill(5)).seed);
function folder(): string {
  const made = mkdtempSync(join(tmpdir(), 'fairlead-enrol-'));
  onTestFinished(() => rmSync(made, { recursive: true }));
  return made;
}

async function enrol(change: Partial<ReplyOf<(typeof robotApi)['enrol']>>, enrolment?: { tokenFile: string }) {
  const at = folder();
  const asked: RequestOf<(typeof robotApi)['enrol']>['body'][] = [];
  const identity = enrolRobot({
    config: { robot: 'duck-1' as RobotId, environment: 'production', group: 'pond', ...(enrolment && { enrolment }) },
    folder: at,
    signer,
    client: {
      enrol: async ({ body }) => {
        asked.push(body);
        return { robot: body.robot, environment: body.environment, lifecycle: 'pending', ...change };
      },
    },
    facts: { inventory: async () => ({}) as never, vitals: async () => ({}) as never },
    clock: testClock(0),
  });
  return { at, asked, identity };
}

test('a robot introduces itself with its key and its token, and remembers as whom', async () => {
  const tokenFile = join(folder(), 'token');
  writeFileSync(tokenFile, 'one-time\n');
  const { at, asked, identity } = await enrol({}, { tokenFile });
  // What a person must do next: somebody has to accept a robot that is pending.
  expect(await identity).toMatchObject({ lifecycle: 'pending' });
  expect(asked).toMatchObject([{ robot: 'duck-1', publicKey: signer.publicKey, token: 'one-time', group: 'pond' }]);
  expect(await readIdentity(at)).toMatchObject({ robot: 'duck-1', environment: 'production', keyid: signer.keyid });
});

test('a token file from Windows is read; one that is missing or holds no token is named, not a defect', async () => {
  const tokenFile = join(folder(), 'token');
  writeFileSync(tokenFile, '\u{FEFF}one-time\r\n');
  const { asked, identity } = await enrol({}, { tokenFile });
  await identity;
  expect(asked).toMatchObject([{ token: 'one-time' }]);
  writeFileSync(tokenFile, 'Bearer one-time\n');
  const wrong = (await enrol({}, { tokenFile })).identity;
  await expect(wrong).rejects.toMatchObject({ refusal: { category: 'bad_token', element: tokenFile } });
  const missing = (await enrol({}, { tokenFile: '/no/such/token' })).identity;
  await expect(missing).rejects.toMatchObject({ refusal: { detail: expect.stringContaining('no such file') } });
});

test('a server can’t move a robot to another environment', async () => {
  const { at, identity } = await enrol({ environment: 'development' });
  await expect(identity).rejects.toMatchObject({ refusal: { category: 'wrong_env' } });
  expect(await readIdentity(at)).toBeUndefined();
});

/** A server with these roots, and a store that takes the first root it is given. */
function pinning(roots: readonly string[], pinned = 0) {
  const took: string[] = [];
  const missing = new ProblemError({ type: 'about:blank', title: '', status: 404, code: 'not_found', detail: '' });
  const files = {
    metadata: async ({ params }: { params: { file: string } }) => {
      const root = roots[Number(params.file.split('.')[0]) - 1];
      if (root === undefined) throw missing;
      return Buffer.from(root);
    },
  };
  const trust = {
    versions: () => ({ root: pinned, timestamp: 0, snapshot: 0, role: 0 }),
    pinRoot: async (root: Uint8Array) => {
      took.push(Buffer.from(root).toString());
      return { ok: true, value: undefined } as const;
    },
  };
  return { took, pin: (pin: { rootFile: string } | { rootSha256: Sha256 }) => pinRoot({ trust, files, pin }) };
}

test('the root is the one whose digest the integrator gave, whatever else the server offers', async () => {
  const { took, pin } = pinning(['root 1', 'root 2', 'root 3']);
  expect((await pin({ rootSha256: sha256Hex('root 2') })).ok).toBe(true);
  expect(took).toEqual(['root 2']);
});

test('a server without that root gives this robot nothing to trust', async () => {
  const { took, pin } = pinning(['another root']);
  const pinned = await pin({ rootSha256: sha256Hex('ours') });
  expect(!pinned.ok && pinned.refused.category).toBe('no_root');
  expect(took).toEqual([]);
});

test('a root from the install medium needs no server', async () => {
  const rootFile = join(folder(), 'root.json');
  writeFileSync(rootFile, 'ours');
  const { took, pin } = pinning([]);
  await pin({ rootFile });
  expect(took).toEqual([readFileSync(rootFile, 'utf8')]);
  expect((await pin({ rootFile: '/nonexistent' })).ok).toBe(false);
});

test('a robot that trusts a root already asks for none', async () => {
  const { took, pin } = pinning([], 4);
  expect((await pin({ rootFile: '/nonexistent' })).ok).toBe(true);
  expect(took).toEqual([]);
});
