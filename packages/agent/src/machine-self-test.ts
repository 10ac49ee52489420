/** The self-test with everything that this machine really has: SQLite, ONNX Runtime, systemd. */
import { accept, refuse } from '@fairlead/shared/failure';
import { Clock } from '@fairlead/shared/time';
import { onnxVersion } from '@fairlead/toolkit/smoke-test/onnx-version';
import Database from 'better-sqlite3';
import { describeConfinement } from './confine.ts';
import { fileJournalStore } from './journal/file-journal-store.ts';
import { createSelfTest } from './self-test.ts';
import { systemdOfThisMachine } from './services/systemd-service-manager.ts';

export const machineSelfTest = createSelfTest({
  tryDatabase: (path) => new Database(path).exec('CREATE TABLE t (x); INSERT INTO t VALUES (1)').close(),
  readJournal: (file) => fileJournalStore(file, new Clock(Date.now)).read({ leave: true }),
  tryOnnx: async () => {
    const version = await onnxVersion();
    return version.ok
      ? accept(`ONNX Runtime ${version.value} loads`)
      : refuse(`ONNX Runtime does not load: ${version.refused}`);
  },
  describeConfinement: () => describeConfinement(),
  servicesOf: () => systemdOfThisMachine(),
});
