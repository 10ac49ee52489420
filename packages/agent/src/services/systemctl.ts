/** One call of systemctl, without a shell, a pager or a password question. */
import { execFile } from 'node:child_process';

export type Ran = { readonly ok: boolean; readonly said: string };

export function systemctl(program: string, args: readonly string[], timeout: number): Promise<Ran> {
  return new Promise((resolve) => {
    execFile(
      program,
      [...args],
      // A pager or a password question would wait for ever.
      { timeout, killSignal: 'SIGKILL', maxBuffer: 64 * 1024, env: { ...process.env, SYSTEMD_PAGER: '', LC_ALL: 'C' } },
      (error, stdout, stderr) => {
        if (!error) resolve({ ok: true, said: stdout });
        else resolve({ ok: false, said: (stderr.trim() || error.message).slice(0, 500) });
      },
    );
  });
}
