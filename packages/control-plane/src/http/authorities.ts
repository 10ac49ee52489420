/** The host:port names this server answers to. A robot signs the one it called (RFC 9421 @authority). */

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

const hasPort = (name: string): boolean => /:[0-9]+$/.test(name);
const unique = (names: readonly string[]): readonly string[] => [...new Set(names.map((name) => name.toLowerCase()))];
