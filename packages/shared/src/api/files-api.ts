/** Bytes: trust metadata for everybody, blobs for robots and people of this fleet. */
import { Type } from 'typebox';
import { Sha256 } from '../ids.ts';
import type { Api } from './route.ts';

const closed = { additionalProperties: false };

export const filesApi = {
  metadata: {
    method: 'GET',
    path: '/tuf/:file',
    access: 'public',
    tag: 'files',
    summary: 'A TUF metadata file: timestamp.json, 3.root.json, 7.production.json …',
    params: Type.Object({ file: Type.String({ pattern: '^([1-9][0-9]*\\.)?[a-z]+\\.json$', maxLength: 60 }) }, closed),
    reply: 'bytes',
  },
  target: {
    method: 'GET',
    path: '/tuf/targets/*',
    access: 'public',
    tag: 'files',
    summary: 'A signed manifest or policy, by its digest-prefixed name (consistent snapshots)',
    params: Type.Object({ '*': Type.String({ maxLength: 300 }) }, closed),
    reply: 'bytes',
  },
  /** Honours Range (RFC 9110 14), so that a robot on a bad link resumes. */
  blob: {
    method: 'GET',
    path: '/blobs/:sha256',
    access: 'robot-or-viewer',
    tag: 'files',
    summary: 'The packed bytes of a release, by digest; Range is honoured',
    params: Type.Object({ sha256: Sha256 }, closed),
    reply: 'bytes',
  },
} as const satisfies Api;
