/**
 * The agent's own update: the same steps, and around five of them what is different where the release to switch to
 * is the program that switches. The order is what brings an old agent back without network or person:
 * the trial is durable before the link moves, the process restarts between switch and probation, the new agent
 * alone may commit, and whoever gives it up steps aside before its files are removed.
 */
import { once } from 'node:events';
import type { Refusal } from '@fairlead/shared/failure';
import type { Manifest } from '@fairlead/shared/release/manifest';
import type { StepResult } from '@fairlead/shared/update/journey';
import { OWN_COMPONENT, type OwnRelease } from '../own-release/own-release.ts';
import type { StepDeps } from './step-deps.ts';
import type { StepFunction, Steps, Update } from './steps.ts';

type Deps = Pick<StepDeps, 'folderOf'> & { readonly own: OwnRelease };

const PROBATION_SEC = 60;

export function withOwnRelease(steps: Steps, deps: Deps): Steps {
  const { own } = deps;
  const forOwn =
    (ordinary: StepFunction, ofOwn: (update: Update) => Promise<StepResult>): StepFunction =>
    (update) =>
      update.journal.component === OWN_COMPONENT ? ofOwn(update) : ordinary(update);
  const restarted = async (signal: AbortSignal): Promise<StepResult> => {
    own.restart();
    if (!signal.aborted) await once(signal, 'abort');
    return { ok: false, refused: RESTARTING };
  };
  return {
    ...steps,
    'smoke-test': forOwn(steps['smoke-test'], async (update) => {
      const tested = await steps['smoke-test'](update);
      if (!tested.ok) return tested;
      const folder = await deps.folderOf(update.journal.component);
      const tried = await own.tryOut(folder.paths.release(update.journal.candidate), update.signal);
      return tried.ok ? tested : tried;
    }),
    switch: forOwn(steps.switch, async (update) => {
      const { candidate, component } = update.journal;
      const folder = await deps.folderOf(component);
      const manifest = await folder.readManifest(candidate, 'switch');
      if (!manifest.ok) return { ...manifest, outcome: 'failed' };
      if (!own.is(candidate)) await own.beginTrial(candidate, probationOf(manifest.value));
      return steps.switch(update);
    }),
    probation: forOwn(steps.probation, (update) => {
      if (own.is(update.journal.candidate)) return steps.probation(update);
      const why = own.gaveUp(update.journal.candidate);
      if (why === undefined) return restarted(update.signal);
      return Promise.resolve({ ok: false, refused: didNotComeUp(why) });
    }),
    commit: forOwn(steps.commit, async (update) => {
      const committed = await steps.commit(update);
      if (committed.ok) await own.endTrial();
      return committed;
    }),
    'roll-back': forOwn(steps['roll-back'], async (update) => {
      const rolledBack = await steps['roll-back'](update);
      if (!rolledBack.ok) return rolledBack;
      await own.endTrial();
      const folder = await deps.folderOf(update.journal.component);
      const isActive = await folder.points('active', update.journal.candidate);
      // The next step removes the files of the release that was given up: nobody may be running them.
      if (own.is(update.journal.candidate) && !isActive) return restarted(update.signal);
      return rolledBack;
    }),
  };
}

const probationOf = (manifest: Manifest): number => manifest.probation?.seconds ?? PROBATION_SEC;

const RESTARTING: Refusal = {
  phase: 'probation',
  component: OWN_COMPONENT,
  element: OWN_COMPONENT,
  category: 'interrupted',
  detail: 'The agent restarts as the release that is active now.',
  retryable: true,
  hint: 'Nothing to do: the update goes on when the agent is back.',
};

const didNotComeUp = (why: string): Refusal => ({
  phase: 'probation',
  component: OWN_COMPONENT,
  element: OWN_COMPONENT,
  category: 'agent_did_not_start',
  detail: `The launcher went back to the agent before: ${why}.`.slice(0, 2000),
  retryable: false,
  hint: 'Look at `journalctl -u fairlead-agent` around these starts. The robot works on under the agent it had.',
});
