/**
 * What a recorded disk does to the process that uses it: counts each kind of change it makes, and at the n-th of a
 * kind kills it, or fails. Counting here and not in a tracer, because here all its threads meet in one order.
 */
import { existsSync, readFileSync } from 'node:fs';
import { type Static, Type } from 'typebox';

/** `journal`: the renames that put a journal in its place, and its removal. */
export const STEP_KINDS = [
  'sync',
  'sync-folder',
  'rename',
  'unlink',
  'mkdir',
  'symlink',
  'create',
  'write',
  'truncate',
  'chmod',
  'journal',
] as const;
export type StepKind = (typeof STEP_KINDS)[number];

const closed = { additionalProperties: false };
const At = { kind: Type.Enum([...STEP_KINDS]), index: Type.Integer({ minimum: 1 }) };
export const Trap = Type.Object(
  {
    /** Only what this process does counts; its children have their own life. */
    pid: Type.Optional(Type.Integer({ minimum: 2 })),
    /** Or: what each child of this one does, such as an agent that its service manager starts again. */
    childrenOf: Type.Optional(Type.Integer({ minimum: 2 })),
    kill: Type.Optional(Type.Object({ ...At, when: Type.Enum(['before', 'after']) }, closed)),
    /** `lasting`: every later one of the kind fails too. */
    fail: Type.Optional(
      Type.Object({ ...At, error: Type.Enum(['EIO', 'ENOSPC']), lasting: Type.Optional(Type.Boolean()) }, closed),
    ),
  },
  closed,
);
export type Trap = Static<typeof Trap>;
export type KillPoint = NonNullable<Trap['kill']>;

export interface TrapReport {
  readonly counts: Readonly<Partial<Record<StepKind, number>>>;
  readonly sprung: boolean;
}

export interface ArmedTrap {
  /** Before a change has any effect. Answers the error to fail with, if any. */
  before(kinds: readonly StepKind[], thread: number): 'EIO' | 'ENOSPC' | undefined;
  /** After it took effect, before anybody learns of it. */
  after(): void;
  report(): TrapReport;
}

export function armTrap(trap: Trap): ArmedTrap {
  const counts: Partial<Record<StepKind, number>> = {};
  /** Thread -> the process to kill; undefined where it is none of ours. */
  const owners = new Map<number, number | undefined>();
  let sprung = false;
  let killAfterwards = false;
  let victim = 0;
  const ownerOf = (thread: number): number | undefined => {
    if (!owners.has(thread)) owners.set(thread, findOwner(trap, thread));
    return owners.get(thread);
  };
  const kill = (): void => {
    sprung = true;
    try {
      process.kill(victim, 'SIGKILL');
    } catch {
      // It ended by itself.
    }
  };
  return {
    before(kinds, thread) {
      const owner = ownerOf(thread);
      if (owner === undefined) return undefined;
      for (const kind of kinds) {
        const index = (counts[kind] ?? 0) + 1;
        counts[kind] = index;
        const { kill: point, fail } = trap;
        if (point?.kind === kind && point.index === index) {
          victim = owner;
          if (point.when === 'after') killAfterwards = true;
          else kill();
        }
        if (fail?.kind === kind && (fail.index === index || (fail.lasting && index > fail.index))) {
          sprung = true;
          return fail.error;
        }
      }
      // What a killed process had begun has no effect any more.
      return sprung && owner === victim && trap.kill?.when === 'before' ? 'EIO' : undefined;
    },
    after() {
      if (killAfterwards) kill();
      killAfterwards = false;
    },
    report: () => ({ counts, sprung }),
  };
}

function findOwner({ pid, childrenOf }: Trap, thread: number): number | undefined {
  if (pid !== undefined && existsSync(`/proc/${pid}/task/${thread}`)) return pid;
  if (childrenOf === undefined) return undefined;
  const status = readStatus(thread);
  return Number(/^PPid:\t([0-9]+)$/m.exec(status)?.[1]) === childrenOf
    ? Number(/^Tgid:\t([0-9]+)$/m.exec(status)?.[1])
    : undefined;
}

function readStatus(thread: number): string {
  try {
    return readFileSync(`/proc/${thread}/status`, 'utf8');
  } catch {
    return '';
  }
}
