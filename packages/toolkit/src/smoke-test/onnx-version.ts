/** Whether ONNX Runtime loads on this machine; in a child, because where it does not it may take the process along. */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { accept, type Result, refuse } from '@fairlead/shared/failure';

const CHILD = fileURLToPath(new URL('./child/say-onnx-version.ts', import.meta.url));
const PATIENCE_MS = 30_000;

export function onnxVersion(): Promise<Result<string, string>> {
  return new Promise((resolve) => {
    execFile(process.execPath, ['--no-warnings', CHILD], { timeout: PATIENCE_MS }, (error, version, complaint) => {
      if (!error) return resolve(accept(version));
      const why = complaint.split('\n').find((line) => /error/i.test(line)) ?? error.message;
      resolve(refuse(why.trim()));
    });
  });
}
