/** Adapter: what the launcher told this process, and the notes that both of them keep (ROOT/launcher). */
import { execFile } from 'node:child_process';
import { access, constants, readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { accept, type Result, refuse } from '@fairlead/shared/failure';
import { releaseFolderName } from '@fairlead/shared/release/manifest';
import { makeFolderDurably, readLink, removeDurably, writeDurably } from '@fairlead/toolkit/durable-files';
import { type OwnRelease, PACKAGED } from './own-release.ts';

export interface LaunchedOptions {
  /** The agent's root folder. */
  readonly root: string;
  /** This robot's agent.yaml, for the self-test of a new agent. */
  readonly configFile: string;
  /** `process.env`: what the launcher told. */
  readonly told: Readonly<Record<string, string | undefined>>;
  /** Asks the agent to stop in order. */
  readonly onRestart: () => void;
}

const SELF_TEST_MS = 120_000;
/** `RELEASE COUNT BOOT`, a line each. */
const STARTS = 'starts';
/** `RELEASE SECONDS`. */
const TRIAL = 'trial';

export function launchedRelease({ root, configFile, told, onRestart }: LaunchedOptions): OwnRelease {
  const folder = join(root, 'launcher');
  const note = (name: string): string => join(folder, name);
  // A launcher of another root folder would watch over other links than ours.
  const running = told['FAIRLEAD_ROOT'] === root ? told['FAIRLEAD_AGENT_RELEASE'] : undefined;
  const passedOver = (running === undefined ? undefined : told['FAIRLEAD_FELL_BACK'])?.split('; ') ?? [];
  const triedAgain = new Set<string>();
  const read = (name: string): Promise<string> => readFile(note(name), 'utf8').catch(() => '');
  return {
    running,
    passedOver,
    gaveUp: (release) => {
      const name = releaseFolderName(release);
      return triedAgain.has(name) ? undefined : passedOver.find((sentence) => sentence.startsWith(`${name} `));
    },
    isOnTrial: async () => running !== undefined && (await read(TRIAL)).startsWith(`${running} `),
    is: (release) => running === releaseFolderName(release),
    tryOut: (release, signal) => selfTestOf(release, configFile, signal),
    beginTrial: async (release, probationSec) => {
      triedAgain.add(releaseFolderName(release));
      await makeFolderDurably(folder);
      // Also of an earlier trial of the same release: it has all its starts again.
      await removeDurably(note(STARTS));
      await writeDurably(note(TRIAL), `${releaseFolderName(release)} ${probationSec}\n`);
    },
    endTrial: async () => {
      if (running === undefined) return;
      await makeFolderDurably(folder);
      for (const name of [TRIAL, STARTS]) await removeDurably(note(name));
    },
    forgetThisStart: async () => {
      const lines = (await read(STARTS)).split('\n').filter((line) => line !== '');
      const left = lines.flatMap((line) => {
        const [release = '', count = '', boot = '-'] = line.split(' ');
        if (release !== running) return [line];
        return Number(count) > 1 ? [`${release} ${Number(count) - 1} ${boot}`] : [];
      });
      if (left.join() !== lines.join()) await writeDurably(note(STARTS), left.map((line) => `${line}\n`).join(''));
    },
    restart: onRestart,
    restartIfStale: async () => {
      if (running === undefined || passedOver.length > 0) return;
      const active = await readLink(join(root, 'components/fairlead-agent/active'));
      if ((active === undefined ? PACKAGED : basename(active)) !== running) onRestart();
    },
  };
}

/** By the new agent's own runtime, so that one for another processor or a newer C library fails here. */
async function selfTestOf(folder: string, configFile: string, signal: AbortSignal): Promise<Result<void>> {
  const args = [join(folder, 'lib/main.js'), '--config', configFile, '--json', 'self-test'];
  const options = { timeout: SELF_TEST_MS, killSignal: 'SIGKILL', maxBuffer: 256 * 1024, signal } as const;
  const brought = join(folder, 'bin/node');
  const node = await access(brought, constants.X_OK).then(
    () => brought,
    () => process.execPath,
  );
  return new Promise((resolve) => {
    execFile(node, args, options, (error, stdout, stderr) => {
      if (!error) return resolve(accept(undefined));
      const said = failedChecks(stdout) || stderr.trim().slice(-500) || error.message;
      resolve(
        refuse({
          phase: 'smoke-test',
          component: 'fairlead-agent',
          element: basename(folder),
          category: signal.aborted ? 'interrupted' : 'self_test',
          detail: `The new agent does not work on this robot: ${said}`.slice(0, 2000),
          retryable: false,
          hint: 'The agent that runs stays. Publish an agent that is built for this robot (npm run package).',
        }),
      );
    });
  });
}

function failedChecks(stdout: string): string {
  try {
    const findings: { check: string; ok: boolean; detail: string }[] = JSON.parse(stdout);
    return findings.flatMap(({ check, ok, detail }) => (ok ? [] : [`${check}: ${detail}`])).join('; ');
  } catch {
    return '';
  }
}
