/**
 * Port: what replicas of one control plane tell each other at once. A signal says only that there is something to look
 * up: it carries no truth, may come twice or late, and where the line was cut everybody is told to look once more.
 */
import type { RobotId } from '@fairlead/shared/ids';
import type { Verdict } from '../health/health-checks.ts';

export const TOPICS = ['settings', 'presence', 'robots', 'metadata', 'rollouts'] as const;
export type Topic = (typeof TOPICS)[number];

export interface Signals {
  /** The answers to these robots differ from what they wait for. Call it after the transaction that made them differ. */
  wake(robots: readonly RobotId[]): void;
  /** What is stored of this topic changed. Call it after the transaction that changed it. */
  changed(topic: Topic): void;
  /** Hears of robots that any replica wakes, this one included; 'all' after the line to the others was cut. */
  onWake(hear: (robots: readonly RobotId[] | 'all') => void): void;
  /** Hears of changes by any replica, this one included. */
  onChange(topic: Topic, hear: () => void): void;
  /** Whether the others are heard, for readiness. */
  verdict(): Verdict;
  close(): Promise<void>;
}

/** Who listens in this process; each adapter has one. */
export function listeners(): Pick<Signals, 'onWake' | 'onChange'> & Told {
  const wakeUps: ((robots: readonly RobotId[] | 'all') => void)[] = [];
  const changes = new Map<Topic, (() => void)[]>();
  return {
    onWake: (hear) => void wakeUps.push(hear),
    onChange: (topic, hear) => void changes.set(topic, [...(changes.get(topic) ?? []), hear]),
    tellWake: (robots) => {
      for (const hear of wakeUps) hear(robots);
    },
    tellChange: (topic) => {
      for (const hear of changes.get(topic) ?? []) hear();
    },
  };
}
interface Told {
  tellWake(robots: readonly RobotId[] | 'all'): void;
  tellChange(topic: Topic): void;
}

/** Adapter for the one process of a control plane on SQLite. */
export function inProcessSignals(): Signals {
  const { tellWake, tellChange, ...heard } = listeners();
  return {
    ...heard,
    wake: tellWake,
    changed: tellChange,
    verdict: () => ({ ok: true, detail: 'one process, which hears itself' }),
    close: async () => {},
  };
}
