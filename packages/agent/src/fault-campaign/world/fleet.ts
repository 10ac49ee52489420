/**
 * A fleet of one robot, made for one campaign: throw-away keys, a trust repository, signed releases and their bundles.
 * Plain data, so that it can be kept beside a recording and a failure replayed on another day.
 */
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { EnvironmentName, RobotId } from '@fairlead/shared/ids';
import { parse } from '@fairlead/shared/parse';
import { Manifest } from '@fairlead/shared/release/manifest';
import { manifestBytes } from '@fairlead/shared/release/parse-manifest';
import type { ComponentOrder } from '@fairlead/shared/trust/assignment';
import { sha256Hex } from '@fairlead/shared/trust/digest';
import { generateKeyPair, type Signer, signerFromSeed } from '@fairlead/shared/trust/ed25519';
import { hashedTargetPath, TargetsMetadata } from '@fairlead/shared/trust/metadata';
import { parseOwn } from '@fairlead/shared/trust/parse-own';
import { releaseEntry } from '@fairlead/shared/trust/release-entry';
import { makeFirstRepository, makeRoleUpdate, makeSnapshot, makeTimestamp } from '@fairlead/shared/trust/repository';
import { packBundle } from '@fairlead/toolkit/bundle/pack-bundle';
import { OWN_COMPONENT } from '../../own-release/own-release.ts';
import type { ReleaseWanted } from './fleet-state.ts';
import { type ApplicationFile, agentFiles, applicationFiles, FIRST_VERSION } from './robot-application.ts';

export const ROBOT = 'campaign-robot' as RobotId;
export const ENVIRONMENT: EnvironmentName = 'development';
export const COMPONENT = 'duck-policy';
export const SERVICE = 'duck';
export const VERSIONS = { first: FIRST_VERSION, good: '2.0.0', sick: '3.0.0', agent: '90.0.0' } as const;

/** `component@version`. */
export const nameOf = ({ component, version }: ReleaseWanted): string => `${component}@${version}`;

export interface Fleet {
  /** Path below `/tuf/` -> text. */
  readonly documents: Readonly<Record<string, string>>;
  /** Digest -> the packed bytes, in base64. */
  readonly bundles: Readonly<Record<string, string>>;
  /** `component@version` -> what an order for it names. */
  readonly targets: Readonly<Record<string, ComponentOrder['target']>>;
  readonly rootSha256: string;
  readonly directorSeed: string;
}

/** What the application of a robot weighs beyond its scripts. */
const WEIGHTS_BYTES = 48 * 1024;

/** `scratch`: a folder in which bundles are packed. */
export async function makeFleet(scratch: string, now: number, random: () => number): Promise<Fleet> {
  const signer = (): Signer => signerFromSeed(generateKeyPair().seed);
  const directorSeed = generateKeyPair().seed;
  const development = [signer()];
  const online = { snapshot: signer(), timestamp: signer(), director: signerFromSeed(directorSeed) };
  const { texts, ...head } = makeFirstRepository({
    now,
    signers: { root: [signer()], targets: [signer()], development, staging: [signer()], production: [signer()] },
    online: {
      snapshot: online.snapshot.publicKey,
      timestamp: online.timestamp.publicKey,
      director: online.director.publicKey,
    },
  });
  const documents: Record<string, string> = {};
  const publishText = (name: string, text: string): void => {
    documents[`targets/${hashedTargetPath(name, sha256Hex(text))}`] = text;
  };
  for (const [name, text] of Object.entries(texts)) publishText(name, text);

  const bundles: Record<string, string> = {};
  const targets: Record<string, ComponentOrder['target']> = {};
  const set: { name: string; text: string; custom: unknown }[] = [];
  for (const [at, version] of Object.values(VERSIONS).entries()) {
    const weights = Buffer.from(Array.from({ length: WEIGHTS_BYTES }, () => Math.floor(random() * 256)));
    const { manifest, bundle } = await packRelease(scratch, version, weights);
    const { name, custom } = releaseEntry({ manifest, environment: ENVIRONMENT, releaseCounter: at + 1 });
    const text = Buffer.from(manifestBytes(manifest)).toString('utf8');
    publishText(name, text);
    set.push({ name, text, custom });
    bundles[manifest.bundle.sha256] = bundle.toString('base64');
    targets[nameOf(manifest)] = {
      path: name,
      version: manifest.version,
      sha256: sha256Hex(text),
      length: Buffer.byteLength(text),
    };
  }
  const role = makeRoleUpdate({ role: ENVIRONMENT, current: head.roles[ENVIRONMENT], set, signers: development, now });
  const roles = { ...head.roles, [ENVIRONMENT]: role.metadata };
  for (const [name, text] of Object.entries({ targets: head.targets, ...roles })) {
    documents[`${parseOwn(TargetsMetadata, text).signed.version}.${name}.json`] = text;
  }
  documents['1.root.json'] = head.root;
  const snapshot = makeSnapshot({ version: 1, head: { ...head, roles }, now, signer: online.snapshot });
  documents['1.snapshot.json'] = snapshot;
  documents['timestamp.json'] = makeTimestamp({
    version: 1,
    snapshot,
    snapshotVersion: 1,
    now,
    signer: online.timestamp,
    lifetimeMs: KEPT_MS,
  });
  const rootSha256 = sha256Hex(head.root);
  return { documents, bundles, targets, rootSha256, directorSeed: Buffer.from(directorSeed).toString('hex') };
}

/** A recording that showed a failure may be replayed for so long. */
const KEPT_MS = 6 * 24 * 60 * 60 * 1000;

async function packRelease(scratch: string, version: string, weights: Uint8Array) {
  const files =
    version === VERSIONS.agent
      ? agentFiles(version, weights)
      : applicationFiles(version, { sick: version === VERSIONS.sick, weights });
  const folder = await mkdtemp(join(scratch, 'release-'));
  try {
    for (const { path, content, mode } of files) {
      await mkdir(dirname(join(folder, path)), { recursive: true });
      await writeFile(join(folder, path), content, { mode });
    }
    const bundle = `${folder}.bundle`;
    const unpacked = manifestOf(version, files, { size: 1, sha256: sha256Hex('') });
    const packed = await packBundle({ folder, files: unpacked.files ?? [], to: bundle });
    const bytes = await readFile(bundle);
    await rm(bundle);
    return { manifest: manifestOf(version, files, packed), bundle: bytes };
  } finally {
    await rm(folder, { recursive: true });
  }
}

function manifestOf(version: string, files: readonly ApplicationFile[], packed: { size: number; sha256: string }) {
  const parsed = parse(Manifest, {
    schema: 'fairlead.release.v1',
    component: version === VERSIONS.agent ? OWN_COMPONENT : COMPONENT,
    version,
    smokeTests: [{ command: { run: ['./smoke-test.sh'] } }],
    probation: { seconds: 1 },
    ...(version !== VERSIONS.agent && {
      services: [SERVICE],
      healthChecks: [{ command: { run: ['./check.sh'], attempts: 1, timeoutSec: 20 } }],
      // The agent of each run works on a disk of its own: one release, many robots.
      state: { backup: ['/proc/self/cwd/state'] },
    }),
    files: files.map(({ path, mode, content }) => ({
      path,
      mode,
      size: Buffer.byteLength(content),
      sha256: sha256Hex(content),
    })),
    models: [],
    bundle: { format: 'tar+zstd', size: packed.size, sha256: packed.sha256 },
  });
  if (!parsed.ok) throw new Error(`the campaign's own release is wrong: ${JSON.stringify(parsed.refused)}`);
  return parsed.value;
}
