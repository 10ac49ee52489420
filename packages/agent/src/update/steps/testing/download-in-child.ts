/**
 * The download step in a process of its own: `node --expose-gc download-in-child.ts SERVER ROOT MANIFEST`. Prints what it
 * had in memory as JSON: resident MB before, at most, and after the download.
 */
import { readFile } from 'node:fs/promises';
import type { DeploymentId } from '@fairlead/shared/ids';
import { identify, parseManifest } from '@fairlead/shared/release/parse-manifest';
import { Clock } from '@fairlead/shared/time';
import { begin } from '@fairlead/shared/update/journey';
import { measureTree } from '@fairlead/toolkit/bundle/measure-tree';
import { sendRequest } from '@fairlead/toolkit/http/send-request';
import { httpBlobSource } from '../../../download/http-blob-source.ts';
import { DEFAULT_PACE } from '../../../download/pace.ts';
import { layoutOf } from '../../../releases/layout.ts';
import { openReleaseFolder } from '../../../releases/release-folder.ts';
import { standingOrders } from '../../standing-order.ts';
import { download } from '../download.ts';

const [server = '', root = '', manifestFile = ''] = process.argv.slice(2);
const bytes = await readFile(manifestFile);
const manifest = parseManifest(bytes, 'download');
if (!manifest.ok) throw new Error(manifest.refused.detail);
const { component } = manifest.value;
const candidate = { ...identify(manifest.value, bytes), releaseCounter: 1 };
const deployment = 'dep_0000000001' as DeploymentId;

const layout = layoutOf(root);
const folder = await openReleaseFolder(layout, component, measureTree);
await folder.saveManifest(candidate, bytes);
const step = download({
  layout,
  folderOf: async () => folder,
  blobs: httpBlobSource({ server, send: sendRequest, authorise: () => ({}) }),
  pace: DEFAULT_PACE,
  clock: new Clock(Date.now),
  elapsed: () => performance.now(),
  sleep: async () => {},
  random: Math.random,
  mayDownload: async () => undefined,
});

const residentMb = async (name: 'VmRSS' | 'VmHWM'): Promise<number> => {
  globalThis.gc?.();
  const status = await readFile('/proc/self/status', 'utf8');
  return Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(status)?.[1]) / 1024;
};
const before = await residentMb('VmRSS');
const ended = await step({
  journal: begin({ deployment, component, candidate }, undefined, Date.now()),
  signal: new AbortController().signal,
  progress: () => {},
  waits: () => {},
  order: standingOrders().of(deployment),
});
if (!ended.ok) throw new Error(ended.refused.detail);
const [most, after] = [await residentMb('VmHWM'), await residentMb('VmRSS')];
process.stdout.write(JSON.stringify({ before, most, after }));
