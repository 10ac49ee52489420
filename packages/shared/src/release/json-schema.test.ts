import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { releaseYamlJsonSchema } from './json-schema.ts';

test('the published schema of release.yaml is the one we check with (node scripts/print-schemas.ts)', () => {
  const published = readFileSync(new URL('../../../../docs/api/release.schema.json', import.meta.url), 'utf8');
  expect(releaseYamlJsonSchema()).toEqual(JSON.parse(published));
});
