/** What SQLite's codes mean for the person who runs the control plane. */
import { Failure } from '@fairlead/shared/failure';

const DAMAGED: readonly string[] = ['SQLITE_CORRUPT', 'SQLITE_NOTADB'];
const HINT =
  'Stop the control plane, keep that file with its -wal and -shm for study, and check the disk. Restore the newest backup ' +
  '(docs/operator.md, Backup of SQLite): robots work on meanwhile, and send again what the backup lacks.';

/** The failure to tell where `cause` says that the database `file` is damaged; else `cause` as it is. */
export function sqliteTrouble(cause: unknown, file: string): unknown {
  const { code, message } = Object(cause) as { code?: unknown; message?: unknown };
  if (typeof code !== 'string' || !DAMAGED.some((one) => code === one || code.startsWith(`${one}_`))) return cause;
  return databaseDamaged(file, String(message), cause);
}

/** `finding`: as SQLite's own check words it. */
export const databaseDamaged = (file: string, finding: string, cause?: unknown): Failure =>
  new Failure(
    {
      phase: 'assign',
      element: 'database',
      category: 'database_damaged',
      detail: `The database ${file} is damaged: ${finding.replace(/[\r\n]+/g, ' ').slice(0, 500)}.`,
      retryable: false,
      hint: HINT,
    },
    { cause },
  );
