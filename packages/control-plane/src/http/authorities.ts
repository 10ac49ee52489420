/** The host:port names this server answers to. A robot signs the one it called (RFC 9421 @authority). */
import type { Clock, Instant } from '@fairlead/shared/time';

export interface Machine {
  readonly hostname: string;
  /** Addresses of its network interfaces. */
  readonly addresses: readonly string[];
}

/**
 * Configured names, else every name the machine knows of itself. A name without a port is reached through a
 * proxy on 80 or 443 as well as directly.
 */
export function authoritiesOf(names: readonly string[], port: number, machine: Machine): readonly string[] {
  if (names.length > 0) return unique(names.flatMap((name) => (hasPort(name) ? [name] : [name, `${name}:${port}`])));
  const own = ['localhost', '127.0.0.1', '::1', machine.hostname, ...machine.addresses];
  return unique(own.map((name) => `${name.includes(':') ? `[${name}]` : name}:${port}`));
}

/** Asked for each request, read from the system once in a while: that takes longer than the rest of the request. */
export function remembered<T>(read: () => T, clock: Clock, forMs: number): () => T {
  let last: { readonly value: T; readonly at: Instant } | undefined;
  return () => {
    const now = clock.now();
    // A clock that was set back makes it read again, too.
    if (!last || Math.abs(now - last.at) >= forMs) last = { value: read(), at: now };
    return last.value;
  };
}

const hasPort = (name: string): boolean => /:[0-9]+$/.test(name);
const unique = (names: readonly string[]): readonly string[] => [...new Set(names.map((name) => name.toLowerCase()))];
