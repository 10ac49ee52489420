/** Writes the published JSON Schemas from the definitions that the programs check with. A test fails on drift. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { agentYamlJsonSchema } from '@fairlead/agent/json-schema';
import { releaseYamlJsonSchema } from '@fairlead/shared/release/json-schema';

const folder = fileURLToPath(new URL('../docs/api/', import.meta.url));
mkdirSync(folder, { recursive: true });
writeFileSync(`${folder}release.schema.json`, JSON.stringify(releaseYamlJsonSchema()));
writeFileSync(`${folder}agent.schema.json`, JSON.stringify(agentYamlJsonSchema()));
spawnSync('biome', ['format', '--write', folder], { stdio: 'inherit' });
