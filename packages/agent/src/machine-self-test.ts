/** The self-test with everything that this machine really has: SQLite, ONNX Runtime, systemd. */
import { execFile } from 'node:child_process';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { accept, refuse } from '@fairlead/shared/failure';
import Database from 'better-sqlite3';
import { createSelfTest } from './self-test.ts';
import { systemdServiceManager } from './services/systemd-service-manager.ts';

export const machineSelfTest = createSelfTest({
  tryDatabase: (path) => new Database(path).exec('CREATE TABLE t (x); INSERT INTO t VALUES (1)').close(),
  tryOnnx: () => {
    const cwd = dirname(fileURLToPath(import.meta.resolve('@fairlead/toolkit/smoke-test/run-smoke-tests')));
    const script = "const { env } = await import('onnxruntime-node'); console.log(env.versions.node)";
    return new Promise((resolve) => {
      execFile(process.execPath, ['--input-type=module', '-e', script], { cwd, timeout: 30_000 }, (error, stdout) => {
        resolve(
          error
            ? refuse(`ONNX Runtime does not load: ${error.message}`)
            : accept(`ONNX Runtime ${stdout.trim()} loads`),
        );
      });
    });
  },
  servicesOf: async () => systemdServiceManager(),
});
