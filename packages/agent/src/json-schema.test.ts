import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { agentYamlJsonSchema } from './json-schema.ts';

test('docs/api/agent.schema.json says what the agent reads (node scripts/print-schemas.ts prints it anew)', async () => {
  const file = new URL('../../../docs/api/agent.schema.json', import.meta.url);
  expect(JSON.parse(await readFile(file, 'utf8'))).toEqual(agentYamlJsonSchema());
});
