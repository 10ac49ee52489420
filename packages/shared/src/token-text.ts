/** Tokens as people hand them over: in variables, files and arguments, with what editors and shells add to them. */

/** Without blanks and line ends around it, and without a byte order mark. */
export const trimToken = (text: string): string => text.trim();

/** Why a trimmed text can be no token; undefined where it can. Never repeats the text. */
export function tokenMistake(token: string): string | undefined {
  if (token === '') return 'is empty';
  if (/^["'].*["']$/s.test(token)) return 'is no token (quotes belong to it: delete them)';
  if (/^bearer\s/i.test(token)) return 'is no token (write it without "Bearer")';
  if (/[\r\n]/.test(token)) return 'is no token (it has several lines)';
  return TOKEN.test(token) ? undefined : 'is no token (it has characters that no token has)';
}

/** token68 of RFC 9110: what may stand behind "Bearer". */
const TOKEN = /^[A-Za-z0-9._~+/-]+=*$/;
