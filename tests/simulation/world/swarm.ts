/**
 * Swarm testing (Groce et al., ISSTA 2012): each seed enables its own random subset of faults, rules and commands, each
 * at a random rate. Faults that hide behind others, and commands that undo others, show only where those are absent.
 */
import { chanceOf } from './chance.ts';

// biome-ignore format: the table is read by column
export const FEATURES = {
  // Faults of the network, of robots and of the server.
  'lost-requests':      'requests and replies are lost',
  'server-errors':      'a proxy answers 500, 502 or 503',
  'power-cuts':         'robots lose power at any time and in the middle of steps',
  'offline':            'robots lose their network for hours',
  'leases':             'applications hold busy leases',
  'server-deaths':      'the control plane is killed or restarted',
  'clock-skew':         'system clocks of robots are wrong by up to two days',
  'clock-jumps':        'system clocks of robots jump',
  'robot-windows':      'robots have update windows of their own',
  // Releases that fail.
  'rejected-releases':  'smoke tests fail on one board',
  'dying-releases':     'releases fail their probation',
  'degrading-releases': 'releases fail after the commit: health checks, crash loops, silence',
  // Rules of the fleet.
  'approvals':          'another person must approve each rollout',
  'fleet-windows':      'maintenance windows open and close',
  'budgets':            'disruption budgets and limits of the fleet',
  'quarantine':         'a robot is quarantined after three failures in a row',
  // Orders.
  'conditions':         'gates have metric conditions',
  'schedule':           'rollouts start at a set time',
  'emergency':          'rollouts skip approval, limits, windows and leases',
  'deploy':             'direct orders to a robot, a group or the fleet',
  'rollback':           'rollbacks of a robot, a group or the fleet',
  'rollback-to':        'rollbacks to a named version',
  'staged-rollback':    'rollbacks in stages',
  // Commands to rollouts.
  'pause':              'pause and resume',
  'promote':            'promote a stage',
  'abort':              'abort',
  'abort-revert':       'abort and revert',
  'retry':              'retry failed robots',
  'switch-back':        'switch back a blue-green rollout',
  'finalize':           'finalize a blue-green rollout',
  // Other commands.
  'cancel':             'cancel one deployment',
  'readmit':            'readmit a quarantined robot',
  'newcomers':          'robots join while rollouts run',
  'decommission':       'robots are decommissioned',
  'two-operators':      'two operators give commands in the same moment, also the same command',
} as const;
export type Feature = keyof typeof FEATURES;
export const ALL_FEATURES = Object.keys(FEATURES) as readonly Feature[];

export interface Swarm {
  has(feature: Feature): boolean;
  /** How often compared with the usual rate: 0 where disabled. */
  rate(feature: Feature): number;
}

const ENABLED = 0.7;
/** `forced` features are enabled whatever the seed draws: a run that looks for a state that was not reached yet. */
export function swarmOf(seed: number, forced: readonly Feature[] = []): Swarm {
  const rates = new Map<Feature, number>();
  for (const feature of ALL_FEATURES) {
    // One stream for each feature: a new feature does not change what a seed does with the others.
    const chance = chanceOf(seed, 'swarm', feature);
    const rate = 2 ** chance.between(-1.5, 1.5);
    if (chance.happens(ENABLED) || forced.includes(feature)) rates.set(feature, rate);
  }
  return swarmWith(rates);
}

/** Everything enabled at its usual rate, but for `without`. */
export const fullSwarm = (without: readonly Feature[] = []): Swarm =>
  swarmWith(new Map(ALL_FEATURES.filter((feature) => !without.includes(feature)).map((feature) => [feature, 1])));

/** Only these features, at their usual rates. */
export const onlySwarm = (features: readonly Feature[]): Swarm =>
  swarmWith(new Map(features.map((feature) => [feature, 1])));

const swarmWith = (rates: ReadonlyMap<Feature, number>): Swarm => ({
  has: (feature) => rates.has(feature),
  rate: (feature) => rates.get(feature) ?? 0,
});

/** Two lines: what is enabled and how often, and what is not. */
export function describeSwarm(swarm: Swarm): readonly [string, string] {
  const on = ALL_FEATURES.filter((feature) => swarm.has(feature));
  const off = ALL_FEATURES.filter((feature) => !swarm.has(feature));
  return [
    on.map((feature) => `${feature} ×${swarm.rate(feature).toFixed(1)}`).join(', ') || 'none',
    off.join(', ') || 'none',
  ];
}
