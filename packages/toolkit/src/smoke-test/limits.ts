/** What one model test may cost where the release does not say otherwise. */
import type { OnnxSmokeTest } from '@fairlead/shared/release/release-yaml';

const TIMEOUT_SEC = 20;
const MAX_MEMORY_MB = 1024;
export const COMMAND_TIMEOUT_SEC = 60;

export const limitsOf = (test: Pick<OnnxSmokeTest, 'timeoutSec' | 'maxMemoryMb'>) => ({
  timeoutMs: (test.timeoutSec ?? TIMEOUT_SEC) * 1000,
  maxMemoryMb: test.maxMemoryMb ?? MAX_MEMORY_MB,
});
