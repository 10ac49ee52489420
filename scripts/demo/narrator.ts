/** How the demo speaks: short lines with the time, who, and what. */
import type { DeploymentEvent } from '@fairlead/shared/fleet/deployment-view';
import type { DeploymentState } from '@fairlead/shared/fleet/states';
import pc from 'picocolors';

export interface Narrator {
  /** A new part of the story. */
  chapter(title: string): void;
  /** A command line that an operator gives. */
  command(line: string): void;
  /** Something that happened to a robot, as the control plane recorded it. */
  event(robot: string, release: string, event: DeploymentEvent): void;
  /** What the demo checked and found true. */
  seen(what: string): void;
  /** Text of a program, indented. */
  quote(text: string): void;
}

// biome-ignore format: the table is read by column
const SAYS: Readonly<Record<DeploymentState, (text: string) => string>> = {
  'pending':     (release) => pc.dim(`shall run ${release}`),
  'offered':     (release) => `is offered ${release}`,
  'downloading': (release) => `downloads ${release}`,
  'staged':      (release) => `has verified and unpacked ${release}, and tests it in a guarded child`,
  'waiting':     (release) => `waits for a safe moment to switch to ${release}`,
  'switching':   (release) => `switches to ${release}`,
  'probation':   (release) => `runs ${release} on probation`,
  'succeeded':   (release) => pc.green(`committed ${release}`),
  'degraded':    (release) => pc.red(`is degraded since it installed ${release}`),
  'failed':      (release) => pc.red(`failed to run ${release}`),
  'rolled-back': (release) => pc.yellow(`rolled back from ${release}`),
  'rejected':    (release) => pc.yellow(`refused ${release}`),
  'skipped':     (release) => `runs ${release} already`,
  'timed-out':   (release) => pc.red(`never answered about ${release}`),
  'cancelled':   (release) => `was told to forget ${release}`,
  'quarantined': (release) => pc.red(`will not touch ${release} again`),
};

/** Over in a moment, unless there is a reason. */
const QUIET: ReadonlySet<DeploymentState> = new Set(['offered', 'waiting']);

export function createNarrator(write: (text: string) => unknown): Narrator {
  const say = (at: Date, who: string, what: string): void => {
    write(`${pc.dim(at.toTimeString().slice(0, 8))}  ${who.padEnd(8)}  ${what}\n`);
  };
  return {
    chapter: (title) => write(`\n${pc.bold(title)}\n`),
    command: (line) => say(new Date(), 'operator', pc.cyan(`$ ${line}`)),
    event(robot, release, { at, state, refusal }) {
      if (QUIET.has(state) && refusal === undefined) return;
      const why = refusal ? `: ${refusal.element}: ${refusal.detail} (${refusal.category})` : '';
      say(new Date(at), robot, SAYS[state](release) + why);
    },
    seen: (what) => say(new Date(), '', `${pc.green('✓')} ${what}`),
    quote: (text) => write(`${text.trimEnd().replaceAll(/^/gm, '    ')}\n`),
  };
}
