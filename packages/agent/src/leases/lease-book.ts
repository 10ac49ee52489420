/**
 * The busy leases of this robot, one per owner. A lease is durable before it is granted, so it also holds after a restart
 * or a power cut, until it expires. One that expires, or that is held for very long, is told once.
 */
import type { Refusal } from '@fairlead/shared/failure';
import { type Clock, fromTimestamp, SECOND, timerMs, toTimestamp } from '@fairlead/shared/time';
import type { AlarmRegister } from '../alarms/alarm-register.ts';
import { oneAtATime } from '../one-at-a-time.ts';
import { type KeptLease, type Lease, leaseAt, MAX_LEASES, viewOf } from './lease.ts';
import { DAMAGED_FILE_OWNER, damagedFileAlarm, damagedFileLease, readLeases, writeLeases } from './lease-file.ts';

export interface LeaseDeps {
  /** Absolute. */
  readonly file: string;
  readonly bootId: string;
  /** Seconds since the machine was booted, sleep included. */
  readonly uptimeSec: () => number;
  readonly clock: Clock;
  /** How old a lease grows before somebody is told. */
  readonly alarmAfterSec: number;
  /** Leases became fewer or more. */
  readonly onChange: () => void;
  readonly alarms: Pick<AlarmRegister, 'raise' | 'resolveWhere'>;
}
export interface LeaseBook {
  /** Takes it, or renews the one this owner has. Resolves once durable; undefined where the robot holds `MAX_LEASES`. */
  take(lease: { readonly owner: string; readonly reason: string; readonly ttlSec: number }): Promise<Lease | undefined>;
  /** Undefined where the owner holds none any more. */
  extend(owner: string, ttlSec: number): Promise<Lease | undefined>;
  release(owner: string): Promise<Lease | undefined>;
  /** Those that hold now, the longest first. */
  list(): readonly Lease[];
  close(): void;
}

export async function openLeaseBook(deps: LeaseDeps): Promise<LeaseBook> {
  const { clock, alarms, alarmAfterSec } = deps;
  const inTurn = oneAtATime();
  const moment = () => ({ bootId: deps.bootId, uptimeSec: deps.uptimeSec(), now: clock.now() });
  const leases = new Map<string, KeptLease>();
  let timer: NodeJS.Timeout | undefined;
  const end = (category: string, owner: string): void =>
    alarms.resolveWhere((open) => open.category === category && open.element === owner);

  const current = (): KeptLease[] => {
    const at = moment();
    return [...leases.values()].map((lease) => leaseAt(lease, at));
  };
  const read = await readLeases(deps.file, clock.now());
  let { damagedSince } = read;
  const save = (kept: ReadonlyMap<string, KeptLease>): Promise<void> =>
    writeLeases(deps.file, [...kept.values()], damagedSince);
  const put = (lease: KeptLease): Promise<Lease | undefined> =>
    inTurn(async () => {
      const next = new Map(leases).set(lease.owner, lease);
      // More than the file may hold could not be read at the next start.
      if (next.size > MAX_LEASES) return undefined;
      await save(next);
      leases.set(lease.owner, lease);
      // An owner that takes or extends a lease is working again.
      end(EXPIRED, lease.owner);
      watch();
      deps.onChange();
      return viewOf(lease, clock.now());
    });
  const find = (owner: string): KeptLease | undefined =>
    current().find((lease) => lease.owner === owner && lease.remainingSec > 0);

  /** What is over vanishes and is told; so is what grew old. A disk that takes no write changes nothing of that. */
  const sweep = (): Promise<void> =>
    inTurn(async () => {
      for (const lease of current()) {
        leases.set(lease.owner, lease);
        if (lease.remainingSec <= 0) {
          leases.delete(lease.owner);
          end(OLD, lease.owner);
          alarms.raise(expired(lease));
        } else if (lease.ageSec >= alarmAfterSec && !lease.toldOld) {
          leases.set(lease.owner, { ...lease, toldOld: true });
          alarms.raise(old(viewOf(lease, clock.now())));
        }
      }
      await save(leases).catch(() => undefined);
      watch();
      deps.onChange();
    });
  function watch(): void {
    clearTimeout(timer);
    const due = current().flatMap(({ remainingSec, ageSec, toldOld }) =>
      toldOld ? [remainingSec] : [remainingSec, Math.max(0, alarmAfterSec - ageSec)],
    );
    if (due.length === 0) return;
    timer = setTimeout(() => void sweep(), timerMs(Math.min(...due) * SECOND + 10)).unref();
  }

  /** A person says that nobody is busy; durable before it counts. */
  const clearDamage = (): Promise<Lease | undefined> =>
    inTurn(async () => {
      if (damagedSince === undefined) return undefined;
      const cleared = damagedFileLease(fromTimestamp(damagedSince), clock.now());
      await writeLeases(deps.file, [...leases.values()], undefined);
      damagedSince = undefined;
      end(DAMAGED, DAMAGED_FILE_OWNER);
      deps.onChange();
      return cleared;
    });

  for (const lease of read.leases) leases.set(lease.owner, leaseAt(lease, moment()));
  if (read.damage !== undefined) {
    alarms.raise(damagedFileAlarm(read.damage));
    // Where the disk takes no write, the damaged file itself is found again at the next start.
    await save(leases).catch(() => undefined);
  }
  if (leases.size > 0) await sweep();
  return {
    take: ({ owner, reason, ttlSec }) => {
      const { ageSec = 0, toldOld } = find(owner) ?? {};
      const { now, ...at } = moment();
      const lease = { owner, reason, ageSec, remainingSec: ttlSec, ...at, at: toTimestamp(now) };
      return put({ ...lease, ...(toldOld && { toldOld }) });
    },
    extend: async (owner, ttlSec) => {
      const held = find(owner);
      return held && put({ ...held, remainingSec: ttlSec });
    },
    release: async (owner) => {
      if (owner === DAMAGED_FILE_OWNER) return clearDamage();
      const held = find(owner);
      if (!held) return undefined;
      return inTurn(async () => {
        leases.delete(owner);
        end(OLD, owner);
        watch();
        deps.onChange();
        await save(leases);
        return viewOf(held, clock.now());
      });
    },
    list: () => {
      const now = clock.now();
      const held = current()
        .filter(({ remainingSec }) => remainingSec > 0)
        .toSorted((one, other) => other.remainingSec - one.remainingSec)
        .map((lease) => viewOf(lease, now));
      return damagedSince === undefined ? held : [damagedFileLease(fromTimestamp(damagedSince), now), ...held];
    },
    close: () => clearTimeout(timer),
  };
}

const EXPIRED = 'lease_expired';
const OLD = 'lease_old';
const DAMAGED = 'bad_leases';

const about = (owner: string): Pick<Refusal, 'phase' | 'element' | 'retryable'> => ({
  phase: 'wait',
  element: owner,
  retryable: true,
});
const expired = ({ owner, reason, ageSec }: KeptLease): Refusal => ({
  ...about(owner),
  category: EXPIRED,
  detail: `The lease of ${owner} (${reason}) was not released: it expired after ${Math.round(ageSec)} s.`,
  hint: `Does ${owner} still run? A program that is busy for longer extends its lease.`,
});
const old = ({ owner, reason, ageSec, expiresAt }: Lease): Refusal => ({
  ...about(owner),
  category: OLD,
  detail: `The lease of ${owner} (${reason}) has been held for ${ageSec} s, now until ${expiresAt}.`,
  hint: `Is ${owner} still busy? \`fairlead-agent lease release ${owner}\` on the robot ends it.`,
});
