/** Addresses in the configuration, checked where they are written: the network would only report them much later. */
import { isIP } from 'node:net';
import { authorityMistake } from '@fairlead/shared/http-url';
import type { Mistake } from '@fairlead/shared/parse';

interface Addresses {
  readonly listen?: string;
  readonly names?: readonly string[];
  readonly trustedProxies?: readonly string[];
  readonly database?: string;
}

/** Mistakes by JSON pointer into the configuration file. */
export function checkAddresses({ listen, names = [], trustedProxies = [], database }: Addresses): Mistake[] {
  const mistakes: Mistake[] = [];
  // Port 0 lets the system choose one.
  const ofListen = listen === undefined ? undefined : authorityMistake(listen.replace(/:0$/, ':1'));
  if (ofListen !== undefined) mistakes.push({ at: '/listen', message: `is no address (${ofListen})` });
  names.forEach((name, index) => {
    const message = nameMistake(name);
    if (message !== undefined) mistakes.push({ at: `/names/${index}`, message });
  });
  trustedProxies.forEach((range, index) => {
    if (isRange(range)) return;
    const message = 'must be an IP address or a range of them, such as 10.0.0.0/8';
    mistakes.push({ at: `/trustedProxies/${index}`, message });
  });
  // It may hold a password: it is not repeated.
  if (database !== undefined && !URL.canParse(database)) {
    mistakes.push({ at: '/database', message: 'is no URL; write postgres://USER@HOST:PORT/DATABASE' });
  }
  return mistakes;
}

/** Robots sign the name they call: one that no request can carry would refuse every robot. */
function nameMistake(name: string): string | undefined {
  if (name.includes('://') || name.includes('/')) return `${name} must be HOST or HOST:PORT, not a URL`;
  const mistake = authorityMistake(name);
  return mistake === undefined ? undefined : `${name} is no name of a server (${mistake})`;
}

function isRange(range: string): boolean {
  const [address = '', bits, ...more] = range.split('/');
  const version = isIP(address);
  if (version === 0 || more.length > 0) return false;
  return bits === undefined || (/^[0-9]{1,3}$/.test(bits) && Number(bits) <= (version === 4 ? 32 : 128));
}
