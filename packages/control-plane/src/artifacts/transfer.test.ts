import { randomBytes } from 'node:crypto';
import { connect } from 'node:net';
import type { EnvironmentName } from '@fairlead/shared/ids';
import { describe, expect, test } from 'vitest';
import { publishedRelease } from '../store/releases-contract.ts';
import { TEST_URL } from '../testing/inject-transport.ts';
import { testControlPlane } from '../testing/test-control-plane.ts';
import { testRobot } from '../testing/test-robot.ts';
import { digest } from './artifact-store-contract.ts';

async function uploaded(bytes: Uint8Array) {
  const controlPlane = await testControlPlane();
  const { publish, operator } = await controlPlane.as('operator');
  const sha256 = digest(bytes);
  await publish.uploadPart({ params: { sha256 }, query: { offset: 0, size: bytes.length }, body: bytes });
  const robot = testRobot(controlPlane, 'duck-1');
  await robot.enrol();
  await operator.acceptRobot({ params: { robot: robot.name }, body: {} });
  await controlPlane.store.releases.add({ ...publishedRelease('duck-policy@1.0.0'), bundleSha256: sha256 });
  const path = `/blobs/${sha256}`;
  const get = (headers: Record<string, string> = {}) => {
    const signed = robot.sign({ method: 'GET', url: new URL(TEST_URL + path) });
    return controlPlane.app.inject({ url: path, headers: { host: 'fairlead.test', ...signed, ...headers } });
  };
  return { controlPlane, publish, robot, get, path, sha256 };
}

describe('an upload', () => {
  test('in parts ends complete, and a part that is sent twice is told where it stands', async () => {
    const { publish } = await (await testControlPlane()).as('operator');
    const bytes = randomBytes(3000);
    const params = { sha256: digest(bytes) };
    const part = (offset: number, end: number) =>
      publish.uploadPart({ params, query: { offset, size: 3000 }, body: bytes.subarray(offset, end) });
    expect(await part(0, 1000)).toEqual({ received: 1000, complete: false });
    await expect(part(0, 1000)).rejects.toMatchObject({ problem: { code: 'offset_mismatch', offset: 1000 } });
    expect(await publish.uploadState({ params })).toEqual({ received: 1000, complete: false });
    expect(await part(1000, 3000)).toEqual({ received: 3000, complete: true });
    expect(await part(1000, 3000)).toEqual({ received: 3000, complete: true });
  });

  test('with one flipped bit is refused', async () => {
    const { publish } = await (await testControlPlane()).as('operator');
    const bytes = randomBytes(1000);
    const params = { sha256: digest(bytes) };
    bytes[500] = (bytes[500] ?? 0) ^ 1;
    const whole = publish.uploadPart({ params, query: { offset: 0, size: 1000 }, body: bytes });
    await expect(whole).rejects.toMatchObject({ problem: { code: 'refused', refusal: { category: 'hash' } } });
    expect(await publish.uploadState({ params })).toEqual({ received: 0, complete: false });
  });

  test('whose link breaks keeps what arrived', async () => {
    const controlPlane = await testControlPlane();
    const { operator, publish } = await controlPlane.as('admin');
    const { token } = await operator.createToken({ body: { name: 'ci' } });
    const url = new URL(await controlPlane.app.listen({ host: '127.0.0.1', port: 0 }));
    const bytes = randomBytes(5000);
    const params = { sha256: digest(bytes) };
    const socket = connect(Number(url.port), url.hostname);
    socket.write(
      `PATCH /api/v1/uploads/${params.sha256}?offset=0&size=5000 HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${token}\r\n` +
        'content-type: application/octet-stream\r\ncontent-length: 5000\r\n\r\n',
    );
    socket.write(bytes.subarray(0, 2000));
    await expect.poll(async () => (await publish.uploadState({ params })).received).toBe(2000);
    socket.destroy();
    const rest = { params, query: { offset: 2000, size: 5000 }, body: bytes.subarray(2000) };
    expect(await publish.uploadPart(rest)).toEqual({ received: 5000, complete: true });
  });

  test('is no business of viewers', async () => {
    const { publish } = await (await testControlPlane()).as('viewer');
    const bytes = randomBytes(10);
    const whole = { params: { sha256: digest(bytes) }, query: { offset: 0, size: 10 }, body: bytes };
    await expect(publish.uploadPart(whole)).rejects.toMatchObject({ problem: { code: 'forbidden' } });
  });
});

describe('a robot that downloads', () => {
  test('gets the whole blob, or what it still lacks', async () => {
    const bytes = randomBytes(2000);
    const { get, sha256 } = await uploaded(bytes);
    const whole = await get();
    expect(whole.statusCode).toBe(200);
    expect(whole.headers).toMatchObject({ etag: `"${sha256}"`, 'accept-ranges': 'bytes', 'content-length': '2000' });
    expect(whole.rawPayload.equals(bytes)).toBe(true);
    const rest = await get({ range: 'bytes=1500-', 'if-range': `"${sha256}"` });
    expect(rest.statusCode).toBe(206);
    expect(rest.headers['content-range']).toBe('bytes 1500-1999/2000');
    expect(rest.rawPayload.equals(bytes.subarray(1500))).toBe(true);
  });

  test('beyond the end, or with another blob’s validator, is told so', async () => {
    const { get, sha256 } = await uploaded(randomBytes(100));
    const beyond = await get({ range: 'bytes=100-' });
    expect([beyond.statusCode, beyond.headers['content-range']]).toEqual([416, 'bytes */100']);
    expect((await get({ range: 'bytes=50-', 'if-range': '"other"' })).statusCode).toBe(200);
    expect((await get({ 'if-none-match': `"${sha256}"` })).statusCode).toBe(304);
  });

  test('attack 141: reads only what was published in its environment, also by the digest of a list of files', async () => {
    const { controlPlane, publish, robot } = await uploaded(randomBytes(100));
    const bytes = randomBytes(300);
    const sha256 = digest(bytes);
    const blob = () => robot.files.blob({ params: { sha256 } });
    await publish.uploadPart({ params: { sha256 }, query: { offset: 0, size: 300 }, body: bytes });
    await expect(blob()).rejects.toMatchObject({ problem: { code: 'not_found' } });
    const production = publishedRelease('secret@1.0.0', { environment: 'production' as EnvironmentName });
    await controlPlane.store.releases.add({ ...production, bundleSha256: sha256 });
    await expect(blob()).rejects.toMatchObject({ problem: { code: 'not_found' } });
    const development = publishedRelease('listed@1.0.0');
    await controlPlane.store.releases.add({ ...development, fileListSha256: sha256 });
    await expect(blob()).resolves.toBeDefined();
    // It may still run it, and needs it for repairs.
    await controlPlane.store.releases.revoke(development.target, { at: 2000, by: 'eve' });
    await expect(blob()).resolves.toBeDefined();
  });

  test('signs, is accepted, and asks for what is here', async () => {
    const { controlPlane, robot, path } = await uploaded(randomBytes(100));
    expect((await controlPlane.app.inject(path)).statusCode).toBe(401);
    await expect(robot.files.blob({ params: { sha256: digest(randomBytes(8)) } })).rejects.toMatchObject({
      problem: { code: 'not_found' },
    });
    const newcomer = testRobot(controlPlane, 'newcomer');
    await newcomer.enrol();
    await expect(newcomer.files.blob({ params: { sha256: digest(randomBytes(8)) } })).rejects.toMatchObject({
      problem: { code: 'forbidden' },
    });
  });
});
