/** agent.yaml(5), from the schema that reads the file: the two can't disagree. */
import { AgentYaml } from '@fairlead/agent/config';
import type { TSchema } from 'typebox';

interface Shape {
  readonly description?: string;
  readonly type?: string;
  readonly enum?: readonly unknown[];
  readonly const?: string | number | boolean;
  readonly properties?: Readonly<Record<string, TSchema>>;
  readonly items?: TSchema;
  readonly anyOf?: readonly TSchema[];
}

export function agentYamlManual(version: string): string {
  return [
    `.TH AGENT.YAML 5 "" "fairlead-agent ${version}" "Fairlead"`,
    '.SH NAME',
    'agent.yaml \\- configuration of fairlead-agent',
    '.SH SYNOPSIS',
    '.I /etc/fairlead/agent.yaml',
    '.SH DESCRIPTION',
    'YAML. Unknown keys are mistakes, and every mistake is told by file, line and key. After a change:',
    '.BR "systemctl restart fairlead-agent" .',
    '.SH KEYS',
    ...keysOf(AgentYaml, ''),
    '.SH SEE ALSO',
    '.BR fairlead-agent (8)',
    '',
  ].join('\n');
}

/** A key, what it may be, what it means; keys of a section by their full path. */
function keysOf(schema: TSchema, prefix: string): string[] {
  const { properties = {}, anyOf = [] }: Shape = schema;
  const own = Object.entries(properties).flatMap(([name, value]) => {
    const shape: Shape = value;
    const path = prefix === '' ? name : `${prefix}.${name}`;
    const head = ['.TP', `.B ${path}`, `${roff(`(${formOf(value)})`)} ${roff(shape.description ?? '')}`.trim()];
    return [...head, ...keysOf(value, path)];
  });
  return [...own, ...anyOf.flatMap((one) => keysOf(one, prefix))];
}

function formOf(schema: TSchema): string {
  const shape: Shape = schema;
  if (shape.enum) return shape.enum.join(' | ');
  if (shape.const !== undefined) return String(shape.const);
  if (shape.items) return `list of ${formOf(shape.items)}`;
  if (shape.anyOf) return [...new Set(shape.anyOf.map(formOf))].join(' | ');
  if (shape.properties) return 'section';
  return shape.type ?? 'value';
}

const roff = (text: string): string =>
  text
    .replaceAll('\\', '\\e')
    .replaceAll('-', '\\-')
    .replace(/^([.'])/, '\\&$1');
