/**
 * May this robot take this release? Asked by the control plane before a robot is counted into a rollout, and
 * again by the robot itself, which knows its disk and memory of this moment. What is not known (undefined) is
 * not held against a robot where it changes by the hour, and is where the release asks for a certain board.
 */
import coerce from 'semver/functions/coerce.js';
import satisfies from 'semver/functions/satisfies.js';
import { accept, type Refusal, type Result, refuse } from '../failure.ts';
import type { ComponentName, Version } from '../ids.ts';
import { blobsOf, fileCount, type Manifest, sizeOnDisk } from '../release/manifest.ts';
import type { Requirements } from '../release/requirements.ts';

export interface RobotFacts {
  readonly arch: string;
  readonly board?: string | undefined;
  readonly jetpack?: string | undefined;
  readonly agentVersion: string;
  /** MiB of this moment; undefined where nobody measured. */
  readonly memoryFreeMb?: number | undefined;
  readonly diskFreeMb?: number | undefined;
  /** Version of each active component. */
  readonly components: ReadonlyMap<ComponentName, Version>;
}

const MIB = 1024 * 1024;
/** Left free beside the release: journals, reports, the robot's own logs. */
export const DISK_MARGIN_MB = 64;

/** A file system gives each file whole blocks: of twenty thousand small files they are most of what is needed. */
const BLOCK_BYTES = 4096;
/** The first version of the agent that reads a list of files by digest. */
const FILE_LIST_AGENT = '0.1.0';

/** MiB that downloading and unpacking needs free on the robot's disk: the blobs and the tree lie there together. */
export function diskNeededMb(manifest: Manifest): number {
  const blobs = blobsOf(manifest).reduce((sum, { size }) => sum + size, 0);
  const tree = sizeOnDisk(manifest) + fileCount(manifest) * BLOCK_BYTES;
  return Math.ceil((blobs + tree) / MIB) + DISK_MARGIN_MB + (manifest.requires?.minFreeDiskMb ?? 0);
}

/** The first requirement that does not hold, in the order in which a person would fix them; or accepted. */
export function decide(manifest: Manifest, facts: RobotFacts): Result<void> {
  const missing = lacking(manifest, facts);
  if (!missing) return accept(undefined);
  return refuse({ phase: 'decide', component: manifest.component, ...missing });
}

type Lack = Pick<Refusal, 'element' | 'category' | 'detail' | 'retryable' | 'hint'>;

function lacking(manifest: Manifest, facts: RobotFacts): Lack | undefined {
  const requires = manifest.requires ?? {};
  return (
    lackingHardware(requires, facts) ??
    lackingForm(manifest, facts) ??
    lackingSoftware(requires, facts) ??
    lackingRoom('minFreeMemoryMb', 'low_memory', requires.minFreeMemoryMb, facts.memoryFreeMb) ??
    lackingRoom('disk', 'disk_full', diskNeededMb(manifest), facts.diskFreeMb)
  );
}

function lackingHardware(requires: Requirements, facts: RobotFacts): Lack | undefined {
  const { arch, board, jetpack } = requires;
  const wrong = (key: string, wanted: string, found: string): Lack => ({
    element: `requires.${key}`,
    category: 'wrong_hw',
    detail: `The release is for ${key} ${wanted}; this robot has ${found}.`,
    retryable: false,
    hint: `Deploy a release that was built for this ${key}, or leave this robot out.`,
  });
  if (arch && !arch.some((each) => each === facts.arch)) return wrong('arch', arch.join(' or '), facts.arch);
  if (board && !board.some((glob) => matches(glob, facts.board))) {
    return wrong('board', board.join(' or '), facts.board ?? 'an unknown board');
  }
  if (jetpack && !inRange(facts.jetpack, jetpack)) return wrong('jetpack', jetpack, facts.jetpack ?? 'none');
  return undefined;
}

/** An older agent can't read such a manifest and would refuse it for good: the control plane offers it none. */
function lackingForm({ fileList }: Manifest, { agentVersion }: RobotFacts): Lack | undefined {
  if (!fileList || inRange(agentVersion, `>=${FILE_LIST_AGENT}-0`)) return undefined;
  return {
    element: 'fileList',
    category: 'agent_too_old',
    detail: `The release has ${fileList.count} files, in a list that an agent before ${FILE_LIST_AGENT} can't read; this robot has ${agentVersion}.`,
    retryable: false,
    hint: 'Update the agent of this robot first, or build the release with fewer files.',
  };
}

function lackingSoftware(requires: Requirements, facts: RobotFacts): Lack | undefined {
  const { minAgent, components = {} } = requires;
  // `minAgent: 1.2.0` means at least that; as a bare range it would mean exactly that.
  if (minAgent && !inRange(facts.agentVersion, minAgent.replace(/^(?=[0-9])/, '>='))) {
    return {
      element: 'requires.minAgent',
      category: 'agent_too_old',
      detail: `The release needs an agent ${minAgent}; this robot has ${facts.agentVersion}.`,
      retryable: true,
      hint: 'Update the agent of this robot first.',
    };
  }
  for (const [component, range] of Object.entries(components)) {
    const active = [...facts.components].find(([name]) => name === component)?.[1];
    if (inRange(active, range)) continue;
    return {
      element: `requires.components.${component}`,
      category: 'missing_component',
      detail: `The release needs ${component} ${range}; this robot runs ${active ?? 'none'}.`,
      retryable: true,
      hint: `Deploy ${component} in a version that fits ${range} first.`,
    };
  }
  return undefined;
}

function lackingRoom(key: string, category: string, neededMb = 0, freeMb = Infinity): Lack | undefined {
  if (freeMb >= neededMb) return undefined;
  return {
    element: `requires.${key}`,
    category,
    detail: `${neededMb} MiB must be free and ${Math.floor(freeMb)} MiB are.`,
    retryable: true,
    hint: category === 'disk_full' ? "Free space on the robot's disk, then deploy again." : 'Free memory first.',
  };
}

/** Pre-releases count as what they lead to: a robot on 6.1.0-rc.1 fits ">=6.0". "6.0" counts as 6.0.0. */
function inRange(version: string | undefined, range: string): boolean {
  const exact = version === undefined ? null : (coerce(version, { includePrerelease: true }) ?? null);
  return exact !== null && satisfies(exact, range, { includePrerelease: true });
}

/** `*` and `?` only, anchored; the schema allows no other special character. */
function matches(glob: string, name: string | undefined): boolean {
  if (name === undefined) return false;
  const pattern = glob.replace(/[.]/g, '\\.').replaceAll('*', '.*').replaceAll('?', '.');
  return new RegExp(`^${pattern}$`).test(name);
}
