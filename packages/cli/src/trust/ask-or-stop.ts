import { CliError } from '../cli-error.ts';
import type { CliContext } from '../context.ts';

export interface Sure {
  readonly yes?: boolean;
}

/** Before a signature: a person says yes, or --yes said it. Throws a CliError where the answer is no. */
export async function askOrStop({ askYesNo }: CliContext, { yes }: Sure, question: string): Promise<void> {
  if (yes === true || (await askYesNo(question))) return;
  throw new CliError('Nothing was signed.', { hint: 'Run it again when you are sure.' });
}
