/**
 * What a selector can ask of a robot: its free labels, and under reserved keys what the registry and the robot
 * itself know. Kubernetes puts such keys under a prefix where there are many of them; so do we, for what runs:
 * `running/duck-policy=2.1.0`.
 */
import type { EnvironmentName, RobotId } from '../ids.ts';
import type { ComponentState, Inventory, Labels } from './robot-facts.ts';
import type { Lifecycle } from './states.ts';

export interface Labelled {
  readonly robot: RobotId;
  readonly environment: EnvironmentName;
  readonly group?: string;
  readonly labels: Labels;
  readonly lifecycle?: Lifecycle;
  /** What it said last, where it ever spoke. */
  readonly inventory?: Inventory;
  readonly components?: readonly ComponentState[];
}

/** Keys that nobody can set: what they say is known. */
export const RESERVED_LABELS = [
  'robot',
  'group',
  'environment',
  'env',
  'lifecycle',
  'arch',
  'board',
  'jetpack',
  'os',
  'agent-version',
] as const;
const RUNNING = 'running/';

const RESERVED: ReadonlySet<string> = new Set(RESERVED_LABELS);
export const isReservedLabel = (key: string): boolean => RESERVED.has(key) || key.startsWith(RUNNING);

/** A free label under a reserved key is left out even where the registry has nothing to say there. */
export function labelsOf({ robot, environment, group, labels, lifecycle, inventory, components }: Labelled): Labels {
  const all: Labels = {};
  for (const [key, value] of Object.entries(labels)) if (!isReservedLabel(key)) all[key] = value;
  const known = (key: (typeof RESERVED_LABELS)[number], value: string | undefined) => {
    if (value !== undefined) all[key] = labelSafe(value);
  };
  known('robot', robot);
  known('environment', environment);
  known('env', environment);
  if (group !== undefined) all['group'] = group;
  known('lifecycle', lifecycle);
  known('arch', inventory?.arch);
  known('board', inventory?.board);
  known('jetpack', inventory?.jetpack);
  known('os', inventory?.os);
  known('agent-version', inventory?.agentVersion);
  for (const { component, active } of components ?? []) {
    if (active) all[`${RUNNING}${component}`] = labelSafe(active.version);
  }
  return all;
}

const SAFE = /^[A-Za-z0-9](?:[A-Za-z0-9._-]{0,61}[A-Za-z0-9])?$/;

/**
 * The nearest text that a label may hold: build metadata is written `_` for `+`, as Helm does, everything else
 * that a label can't hold becomes a dash: `Ubuntu 24.04.1 LTS` is asked for as `os=Ubuntu-24.04.1-LTS`.
 */
export const labelSafe = (text: string): string =>
  // Nearly every text is safe as it is, and a selector asks this of every robot.
  SAFE.test(text)
    ? text
    : text
        .replaceAll('+', '_')
        .replaceAll(/[^A-Za-z0-9._-]+/g, '-')
        .replace(/^[^A-Za-z0-9]+/, '')
        .slice(0, 63)
        .replace(/[^A-Za-z0-9]+$/, '');
