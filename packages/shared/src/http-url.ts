/**
 * URLs that people write: checked where they are written, with the reason. `new URL` only says "Invalid URL", and accepts
 * much that leads nowhere (`http:///x`, `http://${HOST}/`).
 */

/** Why nothing can be requested at `text`; undefined for a usable http or https URL. Never repeats the text: it may hold a password. */
export function httpUrlMistake(text: string): string | undefined {
  if (/^["'].*["']$/.test(text)) return 'is no URL (quotes belong to it: delete them)';
  if (/\s/.test(text)) return 'is no URL (it contains a blank or a line end)';
  const scheme = /^([a-z][a-z0-9+.-]*):\/\//i.exec(text)?.[1];
  if (scheme === undefined) return 'is no URL (it must begin with http:// or https://)';
  if (!/^https?$/.test(scheme)) return `is no URL of HTTP (it begins with ${scheme}://, not with http:// or https://)`;
  const authority = /^[^/?#\\]*/.exec(text.slice(scheme.length + 3))?.[0] ?? '';
  const reason = authorityMistake(authority.slice(authority.lastIndexOf('@') + 1));
  if (reason !== undefined) return `is no URL (${reason})`;
  return URL.canParse(text) ? undefined : 'is no URL (the host is no host name and no address)';
}

/**
 * Why `text` is no address of a control plane; undefined where it is. A path is refused because robots sign the path of
 * their requests, and a proxy that strips a prefix breaks every signature (decision 0040).
 */
export function serverUrlMistake(text: string): string | undefined {
  const mistake = httpUrlMistake(text);
  if (mistake !== undefined) return mistake;
  const url = new URL(text);
  if (hasCredentials(text)) {
    return 'must not contain a user or a password: they are never sent; robots sign their requests, people log in';
  }
  if (/[?#]/.test(text)) return `must end behind the host and port (write ${url.origin})`;
  if (!/^\/*$/.test(url.pathname)) {
    return `must not have a path (${url.pathname.slice(0, 60)}): a control plane needs a host name or port of its own, because robots sign the path of each request`;
  }
  return undefined;
}

/** Whether a usable URL has a user or a password, which no request of Fairlead sends. */
export function hasCredentials(text: string): boolean {
  const { username, password } = new URL(text);
  return username !== '' || password !== '';
}

/** Why `text` is no `HOST` or `HOST:PORT`; undefined where it is. IPv6 addresses are in brackets. */
export function authorityMistake(text: string): string | undefined {
  if (text === '') return 'it names no host';
  if (/:[^:]*:/.test(text) && !text.startsWith('[')) {
    return 'an IPv6 address is written in brackets: [2001:db8::7]:7300';
  }
  const match = /^(\[[^\]]*\]|[^:]*)(?::(.*))?$/.exec(text);
  const [, host = '', port] = match ?? [];
  const isHost = host.startsWith('[') ? URL.canParse(`http://${host}`) : HOST.test(host);
  if (!match || !isHost) return host === '' ? 'it names no host' : 'the host is no host name and no address';
  return port === undefined || port === '' ? undefined : portMistake(port);
}

/** Letters of other scripts are allowed: they are sent as punycode. */
const HOST = /^[\p{L}\p{N}_-]+(\.[\p{L}\p{N}_-]+)*\.?$/u;

function portMistake(port: string): string | undefined {
  if (!/^[0-9]+$/.test(port)) return 'the port must be a number';
  const number = Number(port);
  if (number > 65_535) return 'the port must be at most 65535';
  return number === 0 ? 'the port must be at least 1' : undefined;
}
