/**
 * Virtual time: what will happen, in order. One thing happens at a time, and the next one only after everything that it
 * set going (requests, promises) has come to rest, so that two runs of one seed can't differ by the scheduler.
 */
import { withFractions } from '@fairlead/shared/testing/test-clock';
import { Clock, type Instant } from '@fairlead/shared/time';

interface Entry {
  readonly at: Instant;
  /** Things of one instant happen in the order in which they were planned. */
  readonly order: number;
  readonly act: () => void;
}

export interface Agenda extends Clock {
  plan(at: Instant, act: () => void): void;
  /** Resolves after `ms` of virtual time. */
  sleep(ms: number): Promise<void>;
  /** Work that is done by the machine and not by the clock (a request, a file): time stands still until it is done. */
  during<T>(work: Promise<T>): Promise<T>;
  /** Runs until nothing is planned before `end`, or `halted` says so. */
  runUntil(end: Instant, halted?: () => boolean): Promise<void>;
  readonly happened: () => number;
}

/** A turn of the event loop: every promise that can go on without the outside has gone on. */
const turn = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));

export function createAgenda(start: Instant): Agenda {
  const heap: Entry[] = [];
  let now = start;
  let order = 0;
  let happened = 0;
  let working = 0;

  const rest = async (): Promise<void> => {
    do await turn();
    while (working > 0);
  };
  const plan: Agenda['plan'] = (at, act) => push(heap, { at: Math.max(Math.ceil(at), now), order: (order += 1), act });

  return Object.assign(new Clock(withFractions(() => now)), {
    plan,
    sleep: (ms: number): Promise<void> => new Promise((resolve) => plan(now + Math.max(0, ms), resolve)),
    during: async <T>(work: Promise<T>): Promise<T> => {
      working += 1;
      try {
        return await work;
      } finally {
        working -= 1;
      }
    },
    async runUntil(end: Instant, halted = () => false) {
      await rest();
      for (let next = heap[0]; next && next.at <= end && !halted(); next = heap[0]) {
        pop(heap);
        now = next.at;
        happened += 1;
        next.act();
        await rest();
      }
      if (!halted()) now = Math.max(now, end);
    },
    happened: () => happened,
  });
}

const before = (a: Entry, b: Entry): boolean => a.at < b.at || (a.at === b.at && a.order < b.order);

function push(heap: Entry[], entry: Entry): void {
  let at = heap.push(entry) - 1;
  while (at > 0) {
    const parent = (at - 1) >> 1;
    const above = heap[parent];
    if (!above || before(above, entry)) break;
    heap[at] = above;
    at = parent;
  }
  heap[at] = entry;
}

function pop(heap: Entry[]): void {
  const last = heap.pop();
  if (!last || heap.length === 0) return;
  let at = 0;
  for (;;) {
    const left = heap[2 * at + 1];
    const right = heap[2 * at + 2];
    if (!left) break;
    const [child, index] = right && before(right, left) ? [right, 2 * at + 2] : [left, 2 * at + 1];
    if (before(last, child)) break;
    heap[at] = child;
    at = index;
  }
  heap[at] = last;
}
