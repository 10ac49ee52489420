/** release.yaml as a published JSON Schema, so that editors complete and check it while it is written. */
import { jcs } from './jcs.ts';
import { ReleaseYaml } from './release-yaml.ts';

/** The content of docs/api/release.schema.json: draft 2020-12, members sorted. */
export function releaseYamlJsonSchema(): object {
  const schema: unknown = JSON.parse(jcs(ReleaseYaml));
  const head = { $schema: 'https://json-schema.org/draft/2020-12/schema', $id: 'urn:fairlead:release.yaml:v1' };
  return Object.assign(head, schema);
}
