/** Prints docs/api/openapi.v1.json from the route definitions; tests/repository compares. */
import { mkdir, writeFile } from 'node:fs/promises';
import { openApi } from '@fairlead/shared/api/openapi';
import { V1 } from '@fairlead/shared/api/v1';

const folder = new URL('../docs/api/', import.meta.url);
await mkdir(folder, { recursive: true });
await writeFile(new URL('openapi.v1.json', folder), `${JSON.stringify(openApi(V1), null, 2)}\n`);
