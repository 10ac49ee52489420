/** Which passwords are refused although they are long: those that are guessed first. */
import { problem } from '../http/problem.ts';

const MIN_LENGTH = 10;
const MIN_DIFFERENT = 5;
/** What must be left of a password without the name in it. */
const MIN_BESIDE_NAME = 6;

/** A sentence that says why the password is too easy to guess; undefined where it is not. */
export function weaknessOf(password: string, name: string): string | undefined {
  const text = password.normalize('NFKC').trim().toLowerCase();
  if (text.length < MIN_LENGTH) {
    return `The password is shorter than ${MIN_LENGTH} characters, blanks around it not counted.`;
  }
  if (new Set(text).size < MIN_DIFFERENT) {
    return `The password has fewer than ${MIN_DIFFERENT} different characters.`;
  }
  const besideName = name.length < 3 ? text : text.replaceAll(name.toLowerCase(), '');
  if (besideName.length < MIN_BESIDE_NAME) return 'The password is little more than the name of the user.';
  return undefined;
}

/** Throws the problem that refuses a weak password. */
export function refuseWeakPassword(password: string, name: string): void {
  const weakness = weaknessOf(password, name);
  if (weakness === undefined) return;
  throw problem('refused', weakness, { hint: 'Choose another: several words, or one that a password manager makes.' });
}
