/** A structured refusal as the problem document a publisher gets. */
import { type Refusal, sayRefusal } from '@fairlead/shared/failure';
import { type ProblemReply, problem } from '../http/problem.ts';

/** 409 version_conflict where somebody else was faster, else 422 refused. */
export const refusedProblem = (refusal: Refusal): ProblemReply =>
  problem(refusal.category === 'version_conflict' ? 'version_conflict' : 'refused', sayRefusal(refusal), {
    hint: refusal.hint,
    refusal,
  });
