import { ProblemError } from '@fairlead/shared/api/client';

/** The code of the problem a call ends with, or 'accepted'. */
export async function refusal(call: Promise<unknown>): Promise<string> {
  try {
    await call;
    return 'accepted';
  } catch (error) {
    if (error instanceof ProblemError) return error.problem.code;
    throw error;
  }
}
