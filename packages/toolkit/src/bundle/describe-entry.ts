/** Says in words what a tar header claims. Only for explaining a refusal that is already certain. */
import { Header } from 'tar';

interface Entry {
  /** Whether the header's own checksum holds. */
  readonly sound: boolean;
  readonly type: string;
  readonly path: string;
  readonly mode: number | undefined;
  readonly size: number | undefined;
  /** `a SymbolicLink "x" to "/etc/shadow"` */
  readonly said: string;
}

export function describeEntry(block: Buffer): Entry {
  const header = decode(block);
  // What an attacker wrote reaches terminals and logs: visible ASCII only.
  const path = (header?.path ?? '').slice(0, 250).replaceAll(/[^\x20-\x7e]/g, '?');
  const type = header?.type ?? 'Unsupported';
  const link = header?.linkpath ? ` to ${JSON.stringify(header.linkpath.slice(0, 250))}` : '';
  return {
    sound: header?.cksumValid ?? false,
    type,
    path: path || 'bundle',
    mode: header?.mode,
    size: header?.size,
    said: `A ${type} ${JSON.stringify(path)}${link}`,
  };
}

/** The library throws on numbers outside its range; to us that is one more unsound header. */
function decode(block: Buffer): Header | undefined {
  try {
    return new Header(block);
  } catch {
    return undefined;
  }
}
