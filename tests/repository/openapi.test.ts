import { readFile } from 'node:fs/promises';
import { openApi } from '@fairlead/shared/api/openapi';
import { V1 } from '@fairlead/shared/api/v1';
import { expect, test } from 'vitest';

test('docs/api/openapi.v1.json says what the routes say (node scripts/print-openapi.ts prints it anew)', async () => {
  const printed: unknown = JSON.parse(
    await readFile(new URL('../../docs/api/openapi.v1.json', import.meta.url), 'utf8'),
  );
  expect(printed).toEqual(openApi(V1));
});
