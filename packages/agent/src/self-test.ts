/**
 * Whether an agent could work here: run before a new agent replaces the old one, under the user and the sandbox
 * of its own unit (DESIGN 7.16). Everything is tried for real and nothing is left behind.
 */
import { access, constants, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Result } from '@fairlead/shared/failure';
import type { Journal } from '@fairlead/shared/update/journal';
import { makeFolderDurably, writeDurably } from '@fairlead/toolkit/durable-files';
import type { AgentConfig } from './config.ts';
import { readIdentity } from './identity/robot-identity.ts';
import { openRobotKey } from './identity/robot-key.ts';
import { layoutOf, SELF_TEST_SCRATCH } from './releases/layout.ts';
import type { ServiceManager } from './services/service-manager.ts';

export interface Finding {
  readonly check: string;
  readonly ok: boolean;
  readonly detail: string;
}
export type SelfTest = (config: AgentConfig) => Promise<readonly Finding[]>;

export interface SelfTestDeps {
  /** Opens the database file at `path` and closes it again. */
  readonly tryDatabase: (path: string) => void;
  /** What an agent before this one may have left in the middle of an update, and this one must understand. */
  readonly readJournal: (file: string) => Promise<Result<Journal | undefined>>;
  /** Loads ONNX Runtime in a child and tells its version. */
  readonly tryOnnx: () => Promise<Result<string, string>>;
  /** Whether programs of releases are kept from the agent's files: a fact of this machine, and no failure. */
  readonly describeConfinement: () => Promise<string>;
  readonly servicesOf: (config: AgentConfig) => Promise<ServiceManager>;
}

export function createSelfTest(deps: SelfTestDeps): SelfTest {
  return async (config) => {
    const { root } = config;
    const findings: Finding[] = [];
    const attempt = async (check: string, work: () => Promise<string>): Promise<void> => {
      try {
        findings.push({ check, ok: true, detail: await work() });
      } catch (error) {
        findings.push({ check, ok: false, detail: error instanceof Error ? error.message : String(error) });
      }
    };
    const scratch = join(root, SELF_TEST_SCRATCH);
    await attempt('root folder', async () => {
      await makeFolderDurably(root);
      await writeDurably(scratch, 'x');
      await rm(scratch);
      return `${root} takes durable writes`;
    });
    await attempt('native database', async () => {
      deps.tryDatabase(`${scratch}.db`);
      for (const suffix of ['', '-wal', '-shm']) await rm(`${scratch}.db${suffix}`, { force: true });
      return 'SQLite opens and writes';
    });
    await attempt('identity', async () => {
      const { signer } = await openRobotKey(join(root, 'identity'));
      const identity = await readIdentity(join(root, 'identity'));
      const enrolled = identity?.keyid === signer.keyid ? `enrolled as ${identity.robot}` : 'not enrolled yet';
      return `key ${signer.keyid.slice(0, 12)}, ${enrolled}`;
    });
    await attempt('journal', async () => {
      const journal = await deps.readJournal(layoutOf(root).journal);
      if (!journal.ok) throw new Error(journal.refused.detail);
      return journal.value ? `reads the update to ${journal.value.candidate.version}` : 'no update is in progress';
    });
    await attempt('pinned root', async () => {
      if ('rootSha256' in config.trust) return `sha256 ${config.trust.rootSha256.slice(0, 12)}`;
      await readFile(config.trust.rootFile);
      return config.trust.rootFile;
    });
    await attempt('smoke tests', async () => {
      const onnx = await deps.tryOnnx();
      if (!onnx.ok) throw new Error(onnx.refused);
      return onnx.value;
    });
    await attempt('confinement', deps.describeConfinement);
    await attempt('services', () => tryServices(config, deps));
    return findings;
  };
}

async function tryServices(config: AgentConfig, deps: SelfTestDeps): Promise<string> {
  if (config.services.manager === 'process') {
    const commands = Object.values(config.services.commands ?? {});
    for (const { run } of commands) {
      if (run[0]?.startsWith('/')) await access(run[0], constants.X_OK);
    }
    return `${commands.length} commands under the agent's own care`;
  }
  const manager = await deps.servicesOf(config);
  const { state, detail } = await manager.state('fairlead-agent');
  // A machine without the unit still answers; one without systemd does not.
  if (state === 'unknown' && !/no such unit/.test(detail)) throw new Error(detail);
  return 'systemd answers';
}
