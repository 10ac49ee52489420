/** What tuf-js fetches passes here first: own caps, strict JSON, our inspection. */
import { parseStrictJson } from '@fairlead/shared/trust/strict-json';
import type { Fetcher } from 'tuf-js';
import { DownloadHTTPError } from 'tuf-js/dist/error.js';
import { RefusedByUs } from './explain-tuf-error.ts';
import type { FetchBytes } from './fetch-bytes.ts';
import type { TrustProfile } from './trust-profile.ts';
import type { TrustRefusal } from './trust-store.ts';

/** `onRefusal` hears every refusal, also those that tuf-js swallows or wraps into a sentence. */
export function checkedFetcher(
  fetchBytes: FetchBytes,
  profile: TrustProfile,
  onRefusal: (refusal: TrustRefusal) => void,
): Fetcher {
  const refused = (refusal: TrustRefusal): RefusedByUs => {
    onRefusal(refusal);
    return new RefusedByUs(refusal);
  };
  return {
    async downloadBytes(url, asked) {
      const cap = profile.caps[kindOf(url)];
      // The online snapshot key says how long a role is; it must not be able to fill our memory (finding 2).
      const fetched = await fetchBytes(new URL(url), Math.min(asked, cap));
      if (!fetched.ok) {
        const { status } = fetched.refused;
        // tuf-js knows only this class as "there is no newer root" (finding 9).
        if (status === 404 || status === 403) {
          onRefusal(fetched.refused);
          throw new DownloadHTTPError(fetched.refused.detail, status);
        }
        const declared = fetched.refused.code === 'too_long' && asked < cap;
        throw refused(declared ? { ...fetched.refused, code: 'length' } : fetched.refused);
      }
      const parsed = parseStrictJson(fetched.value);
      if (!parsed.ok) throw refused({ ...parsed.refused, retryable: true });
      const wrong = profile.inspect(parsed.value);
      if (wrong) throw refused(wrong);
      return Buffer.from(fetched.value);
    },
    downloadFile: () => Promise.reject(new TypeError('targets are not fetched through tuf-js')),
  };
}

function kindOf(url: string): keyof TrustProfile['caps'] {
  const file = new URL(url).pathname.split('/').at(-1) ?? '';
  if (/^[0-9]+\.root\.json$/.test(file)) return 'root';
  if (file === 'timestamp.json') return 'timestamp';
  return /^([0-9]+\.)?snapshot\.json$/.test(file) ? 'snapshot' : 'role';
}
