/** agent.yaml as a published JSON Schema, so that editors complete and check it while it is written. */
import { jcs } from '@fairlead/shared/release/jcs';
import { AgentYaml } from './config.ts';

/** The content of docs/api/agent.schema.json: draft 2020-12, members sorted. */
export function agentYamlJsonSchema(): object {
  const schema: unknown = JSON.parse(jcs(AgentYaml));
  const head = { $schema: 'https://json-schema.org/draft/2020-12/schema', $id: 'urn:fairlead:agent.yaml:v1' };
  return Object.assign(head, schema);
}
