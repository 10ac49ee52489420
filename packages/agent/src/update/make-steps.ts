/** One function per row of the table. */
import { withOwnRelease } from './own-release-steps.ts';
import type { StepDeps } from './step-deps.ts';
import { commit } from './steps/commit.ts';
import { discard } from './steps/discard.ts';
import { download } from './steps/download.ts';
import { probation } from './steps/probation.ts';
import { proveParachute } from './steps/prove-parachute.ts';
import { report } from './steps/report.ts';
import { rollBack } from './steps/roll-back.ts';
import { smokeTest } from './steps/smoke-test.ts';
import { stage } from './steps/stage.ts';
import { switchOver } from './steps/switch-over.ts';
import { verify } from './steps/verify.ts';
import { wait } from './steps/wait.ts';
import type { Steps } from './steps.ts';

export const makeSteps = (deps: StepDeps): Steps => withOwnRelease(ordinarySteps(deps), deps);

const ordinarySteps = (deps: StepDeps): Steps => ({
  download: download(deps),
  verify: verify(deps),
  stage: stage(deps),
  'smoke-test': smokeTest(deps),
  'prove-parachute': proveParachute(deps),
  wait: wait(deps),
  switch: switchOver(deps),
  probation: probation(deps),
  commit: commit(deps),
  'roll-back': rollBack(deps),
  discard: discard(deps),
  report: report(deps),
});
