/** Every route there is. */
import { Type } from 'typebox';
import { filesApi } from './files-api.ts';
import { healthApi } from './health-api.ts';
import { operatorApi } from './operator-api.ts';
import { publishApi } from './publish-api.ts';
import { robotApi } from './robot-api.ts';
import type { Api } from './route.ts';

export const docsApi = {
  openApi: {
    method: 'GET',
    path: '/api/v1/openapi.json',
    access: 'public',
    tag: 'docs',
    summary: 'This API as an OpenAPI 3.1 document',
    reply: Type.Unknown(),
  },
} as const satisfies Api;

export const V1: readonly Api[] = [robotApi, operatorApi, publishApi, filesApi, healthApi, docsApi];
