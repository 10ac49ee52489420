/**
 * A TUF repository that does what a test says, also wrong things, with keys of the suite's type and not ours: the
 * world in which the public conformance suite examines a client. Plain objects, signed as they stand.
 */
import { createHash, generateKeyPairSync, sign } from 'node:crypto';
import { DAY, toTimestamp } from '@fairlead/shared/time';
import { signingBytes } from '@fairlead/shared/trust/canonical-json';
import { NOW } from '../support/fleet-repository.ts';

export interface SimSigner {
  readonly keyid: string;
  readonly key: object;
  sign(bytes: Uint8Array): string;
}
interface Role {
  keyids: string[];
  threshold: number;
}
interface Meta {
  version: number;
  length?: number;
  hashes?: { sha256: string };
}
interface Common {
  readonly _type: string;
  readonly spec_version: '1.0.31';
  version: number;
  expires: string;
}
export interface Root extends Common {
  keys: Record<string, object>;
  readonly roles: Record<'root' | 'timestamp' | 'snapshot' | 'targets', Role>;
  readonly consistent_snapshot: boolean;
}
export interface Targets extends Common {
  readonly targets: Record<string, { length: number; hashes: Record<string, string> }>;
  delegations?: {
    readonly keys: Record<string, object>;
    readonly roles: (Role & { name: string; paths: string[]; terminating: boolean })[];
  };
}
export type TopRole = keyof Root['roles'];

/** A new key: ECDSA as in the suite, Ed25519 where a test rotates many. Key ids need only be unique there. */
export function simSigner(keytype: 'ecdsa' | 'ed25519' = 'ecdsa'): SimSigner {
  const pem = keytype === 'ecdsa';
  const pair = pem ? generateKeyPairSync('ec', { namedCurve: 'P-256' }) : generateKeyPairSync('ed25519');
  const spki = pair.publicKey.export({ format: 'der', type: 'spki' });
  const text = pem
    ? String(pair.publicKey.export({ format: 'pem', type: 'spki' }))
    : spki.subarray(-32).toString('hex');
  return {
    keyid: createHash('sha256').update(text).digest('hex'),
    key: { keytype, scheme: pem ? 'ecdsa-sha2-nistp256' : 'ed25519', keyval: { public: text } },
    sign: (bytes) => sign(pem ? 'sha256' : null, bytes, pair.privateKey).toString('hex'),
  };
}

export class Simulator {
  readonly root: Root;
  readonly timestamp: Common & { meta: { 'snapshot.json': Meta } };
  readonly snapshot: Common & { meta: Record<string, Meta> };
  readonly targets: Targets;
  readonly delegated = new Map<string, Targets>();
  readonly signers = new Map<string, SimSigner[]>();
  /** Every text ever published, newest last. */
  readonly published = new Map<string, { version: number; text: string }[]>();
  readonly artifacts = new Map<string, string>();
  /** Whether snapshot and timestamp name length and digest of what they list. */
  withHashes = false;

  constructor() {
    const role = (): Role => ({ keyids: [], threshold: 1 });
    this.root = {
      ...common('root'),
      keys: {},
      roles: { root: role(), timestamp: role(), snapshot: role(), targets: role() },
      consistent_snapshot: true,
    };
    this.timestamp = { ...common('timestamp'), meta: { 'snapshot.json': { version: 1 } } };
    this.snapshot = { ...common('snapshot'), meta: {} };
    this.targets = { ...common('targets'), targets: {} };
    for (const name of ['root', 'timestamp', 'snapshot', 'targets'] as const) this.addKey(name);
    this.publish('targets', 'snapshot', 'timestamp', 'root');
  }

  /** Names a key in root and lets it sign. */
  addKey(role: TopRole, signer: SimSigner = simSigner()): void {
    this.nameKey(role, signer);
    this.addSigner(role, signer);
  }

  nameKey(role: TopRole, { keyid, key }: SimSigner): void {
    this.root.keys[keyid] = key;
    this.root.roles[role].keyids.push(keyid);
  }

  addSigner(role: string, signer: SimSigner): void {
    this.signers.set(role, [...(this.signers.get(role) ?? []), signer]);
  }

  dropKeys(role: TopRole): void {
    this.root.roles[role].keyids = [];
    this.signers.set(role, []);
  }

  rotateKeys(role: TopRole): void {
    this.dropKeys(role);
    this.addKey(role);
  }

  /** Signs and publishes in this order, each with its next version (the first time with the one it has). */
  publish(...roles: readonly string[]): void {
    for (const role of roles) {
      if (this.published.has(role)) this.signed(role).version += 1;
      this.publishAs(role);
    }
  }

  /** Signs and publishes the version that the role says it has. */
  publishAs(role: string): void {
    const signed = this.signed(role);
    const bytes = signingBytes(signed);
    const signatures = (this.signers.get(role) ?? []).map(({ keyid, sign: by }) => ({ keyid, sig: by(bytes) }));
    const text = JSON.stringify({ signatures, signed }, null, 1);
    this.published.set(role, [...(this.published.get(role) ?? []), { version: signed.version, text }]);
    const meta = { version: signed.version, ...(this.withHashes ? measure(text) : {}) };
    if (role === 'snapshot') this.timestamp.meta['snapshot.json'] = meta;
    else if (role !== 'root' && role !== 'timestamp') this.snapshot.meta[`${role}.json`] = meta;
  }

  /** Unpublishes roles, so that their next publication is their first. */
  forget(...roles: readonly string[]): void {
    for (const role of roles) this.published.delete(role);
  }

  delegate(delegator: string, name: string, { paths = ['*'], terminating = false, days = 30 } = {}): void {
    const signer = simSigner();
    const parent = this.targetsOf(delegator);
    parent.delegations ??= { keys: {}, roles: [] };
    parent.delegations.keys[signer.keyid] = signer.key;
    parent.delegations.roles.push({ name, keyids: [signer.keyid], threshold: 1, paths, terminating });
    this.addSigner(name, signer);
    if (!this.delegated.has(name)) this.delegated.set(name, { ...common('targets', days), targets: {} });
  }

  addArtifact(role: string, path: string, content: string): void {
    this.targetsOf(role).targets[path] = measure(content);
    this.artifacts.set(path, content);
  }

  /** An artifact that is signed without SHA-256. */
  addArtifactBy(algorithm: string, path: string, content: string): void {
    const hashes = { [algorithm]: createHash(algorithm).update(content).digest('hex') };
    this.targets.targets[path] = { length: Buffer.byteLength(content), hashes };
    this.artifacts.set(path, content);
  }

  targetsOf(role: string): Targets {
    const found = role === 'targets' ? this.targets : this.delegated.get(role);
    if (!found) throw new TypeError(`there is no role ${role}`);
    return found;
  }

  newest(role: string): string {
    const found = this.published.get(role)?.at(-1);
    if (!found) throw new TypeError(`${role} is not published`);
    return found.text;
  }

  /** What lies at a path of the server. */
  answer(path: string): string | undefined {
    const [, folder, rest = ''] = /^\/(metadata|targets)\/(.*)$/.exec(path) ?? [];
    if (folder === 'targets')
      return this.artifacts.get(decodeURIComponent(rest).replace(/[0-9a-f]{64,128}\.([^/]*)$/, '$1'));
    if (rest === 'timestamp.json') return this.published.get('timestamp')?.at(-1)?.text;
    const [, version, role = ''] = /^([0-9]+)\.(.*)\.json$/.exec(rest) ?? [];
    const texts = this.published.get(decodeURIComponent(role)) ?? [];
    return texts.findLast((each) => each.version === Number(version))?.text;
  }

  private signed(role: string): Common {
    if (role === 'root') return this.root;
    if (role === 'timestamp') return this.timestamp;
    return role === 'snapshot' ? this.snapshot : this.targetsOf(role);
  }
}

export const expiry = (days: number): string => toTimestamp(NOW + days * DAY).replace('.000Z', 'Z');

const common = (type: string, days = 30): Common => ({
  _type: type,
  spec_version: '1.0.31',
  version: 1,
  expires: expiry(days),
});
const measure = (text: string) => ({
  length: Buffer.byteLength(text),
  hashes: { sha256: createHash('sha256').update(text).digest('hex') },
});
