/** What one model test may cost where the release does not say otherwise. */
import type { OnnxSmokeTest } from '@fairlead/shared/release/release-yaml';

const TIMEOUT_SEC = 20;
const MAX_MEMORY_MB = 1024;
/**
 * A time limit of a model counts processor time. A busy machine may stretch it by the clock to this multiple: the test has
 * the lowest priority that still gets about a tenth of a processor (nice 10).
 */
export const CLOCK_FACTOR = 5;
export const COMMAND_TIMEOUT_SEC = 60;

export const limitsOf = (test: Pick<OnnxSmokeTest, 'timeoutSec' | 'maxMemoryMb'>) => ({
  timeoutMs: (test.timeoutSec ?? TIMEOUT_SEC) * 1000,
  maxMemoryMb: test.maxMemoryMb ?? MAX_MEMORY_MB,
});
