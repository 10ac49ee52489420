/**
 * How often a password may be tried: by one network, and for one account. Whoever logged in from somewhere before has an
 * allowance of their own there: strangers who try passwords all day lock nobody out. Sessions never ask here.
 */
import { type Clock, DAY, type Instant, MINUTE, SECOND } from '@fairlead/shared/time';
import { allowances } from '../http/allowances.ts';
import { networkOf } from './network-of.ts';

export interface LoginLimits {
  /** Before a password is looked at. Seconds to wait, or 0 and the attempt counts. */
  take(account: string, address: string): number;
  /** The password was right: the attempt is given back. Answers how many attempts had failed since the last success. */
  succeeded(account: string, address: string): number;
  failed(account: string): void;
  /** Whether this account was logged in to from there. */
  isKnown(account: string, address: string): boolean;
}

/** A person who mistypes, or a few people behind one address. */
const PER_NETWORK = { burst: 20, perSecond: 20 / (MINUTE / SECOND) };
/** From everywhere together, where nobody has logged in to the account from: 1440 a day. */
const PER_ACCOUNT = { burst: 20, perSecond: 1 / (MINUTE / SECOND) };
const KNOWN_FOR_MS = 30 * DAY;
const MOST_KNOWN = 10_000;

export function loginLimits(clock: Clock): LoginLimits {
  const networks = allowances(clock, PER_NETWORK);
  const accounts = allowances(clock, PER_ACCOUNT);
  const known = new Map<string, Instant>();
  const failures = new Map<string, number>();

  const isKnownPlace = (place: string): boolean =>
    clock.now() - (known.get(place) ?? Number.NEGATIVE_INFINITY) <= KNOWN_FOR_MS;
  /** The key of the account's allowance: one for all strangers, one for each place that its owner came from. */
  const accountKey = (account: string, network: string): string => {
    const place = `${account} ${network}`;
    return isKnownPlace(place) ? place : account;
  };
  return {
    take(account, address) {
      const network = networkOf(address);
      const wait = networks.take(network);
      if (wait > 0) return wait;
      const accountWait = accounts.take(accountKey(account, network));
      // One account's trouble costs the others behind this address nothing.
      if (accountWait > 0) networks.giveBack(network);
      return accountWait;
    },
    succeeded(account, address) {
      const network = networkOf(address);
      networks.giveBack(network);
      accounts.giveBack(accountKey(account, network));
      remember(known, `${account} ${network}`, clock.now());
      const failed = failures.get(account) ?? 0;
      failures.delete(account);
      return failed;
    },
    isKnown: (account, address) => isKnownPlace(`${account} ${networkOf(address)}`),
    failed: (account) => remember(failures, account, (failures.get(account) ?? 0) + 1),
  };
}

/** The entry that was not used for the longest time makes room. */
function remember<V>(map: Map<string, V>, key: string, value: V): void {
  map.delete(key);
  map.set(key, value);
  const [oldest] = map.size > MOST_KNOWN ? map.keys() : [];
  if (oldest !== undefined) map.delete(oldest);
}
