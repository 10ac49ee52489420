/** Compares one output with its golden: |got - want| <= atol + rtol * |want|, integers and texts exactly. */
import type { GoldenCase } from '@fairlead/shared/release/golden';
import type { OnnxSmokeTest } from '@fairlead/shared/release/release-yaml';
import { isFloat, type Value } from './tensor-codec.ts';

export interface Tolerance {
  readonly rtol: number;
  readonly atol: number;
  /** NaN and infinities agree with themselves, and with nothing else. Without it they agree with nothing. */
  readonly nonFinite?: 'allow';
}
/** x64 and arm64 kernels of ONNX Runtime differ by up to 6e-4 absolute, 1.3e-4 relative (ONNX.md 2). */
const DEFAULT: Tolerance = { rtol: 1e-3, atol: 1e-4 };
/** Half precision keeps three digits: one percent of the value, and of the largest value of the output. */
const HALF_SHARE = 1e-2;
const MAX_HALF_ATOL = 1e-2;
const EXACT: Tolerance = { rtol: 0, atol: 0 };

/**
 * The output's own tolerance, else the test's, else the type's; integers have one only where it is given for them.
 * `largest` is the largest magnitude that the goldens expect of this output (`largestExpected`): the default absolute
 * tolerance of float16 follows it, so that it never hides the numbers it judges.
 */
export function toleranceOf(test: OnnxSmokeTest, output: string, type: string, largest: number): Tolerance {
  const outputs = test.outputs ?? {};
  const own = Object.hasOwn(outputs, output) ? outputs[output] : undefined;
  const byType =
    type === 'float16' ? { rtol: HALF_SHARE, atol: Math.min(MAX_HALF_ATOL, HALF_SHARE * largest) } : DEFAULT;
  const general = isFloat(type) ? { rtol: test.rtol ?? byType.rtol, atol: test.atol ?? byType.atol } : EXACT;
  return {
    rtol: own?.rtol ?? general.rtol,
    atol: own?.atol ?? general.atol,
    ...(own?.nonFinite === 'allow' && { nonFinite: 'allow' }),
  };
}

/** The largest finite magnitude that any case expects of this output; 0 where none does. */
export function largestExpected(cases: readonly GoldenCase[], output: string): number {
  let largest = 0;
  for (const { outputs } of cases) {
    const data = Object.hasOwn(outputs, output) ? (outputs[output]?.data ?? []) : [];
    for (const element of data) {
      const size = Math.abs(Number(element));
      if (size > largest && Number.isFinite(size)) largest = size;
    }
  }
  return largest;
}

export interface Difference {
  readonly wrong: number;
  readonly of: number;
  /** Index of the first element outside the tolerance. */
  readonly first: number;
}

/** Undefined where everything agrees. Lengths are equal (dims were compared before). */
export function compare(got: readonly Value[], want: readonly Value[], tolerance: Tolerance): Difference | undefined {
  let wrong = 0;
  let first = -1;
  for (const [index, value] of got.entries()) {
    if (agree(value, want[index], tolerance)) continue;
    wrong += 1;
    if (first < 0) first = index;
  }
  return wrong === 0 ? undefined : { wrong, of: got.length, first };
}

function agree(got: Value, want: Value | undefined, { rtol, atol, nonFinite }: Tolerance): boolean {
  // A tolerance relative to infinity would accept any number.
  if (isNonFinite(got) || isNonFinite(want)) return nonFinite === 'allow' && Object.is(got, want);
  if (got === want) return true;
  const numeric = (value: unknown): value is number | bigint => typeof value === 'number' || typeof value === 'bigint';
  if (!numeric(got) || !numeric(want) || (rtol === 0 && atol === 0)) return false;
  return Math.abs(Number(got) - Number(want)) <= atol + rtol * Math.abs(Number(want));
}

const isNonFinite = (value: unknown): boolean => typeof value === 'number' && !Number.isFinite(value);
