/** If-Match (RFC 9110 13.1.1): the revisions of which one must still hold. */
import { problem } from './problem.ts';

const ETAGS = /^\s*(?:W\/)?"[^"]*"\s*(?:,\s*(?:W\/)?"[^"]*"\s*)*$/;

/** Undefined where nothing is asked for: no header, or `*`. Throws bad_request for what is no list of entity tags. */
export function readIfMatch(header: string | readonly string[] | undefined): readonly string[] | undefined {
  const text = typeof header === 'string' ? header : header?.join(', ');
  if (text === undefined || text.trim() === '*') return undefined;
  if (ETAGS.test(text)) return [...text.matchAll(/"([^"]*)"/g)].map(([, tag = '']) => tag);
  throw problem('bad_request', 'If-Match must be the ETag of an earlier reply, in quotes, or *.');
}
