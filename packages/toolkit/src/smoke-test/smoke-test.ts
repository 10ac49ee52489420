/** What a smoke test of a release answers, for whoever runs it: the builder's machine and the robot. */
import type { Refusal, Result } from '@fairlead/shared/failure';
import type { ManifestWithFiles, ModelContract } from '@fairlead/shared/release/manifest';
import type { OnnxSmokeTest } from '@fairlead/shared/release/release-yaml';

/** Where the verified (or, at build time, the author's) files lie. Models are loaded by path from here. */
export interface SmokeTestOrder {
  readonly folder: string;
  /** Contracts, smoke tests and the list of files; nothing outside `files` may be touched by a model. */
  readonly manifest: Pick<ManifestWithFiles, 'component' | 'version' | 'files' | 'models' | 'smokeTests'>;
  /** 'build' on the author's machine, 'smoke-test' on a robot: the phase written into refusals. */
  readonly phase: 'build' | 'smoke-test';
  /** Program and arguments before each command that is run: they take from it what is not its own. Default: nothing. */
  readonly confine?: readonly string[];
  readonly signal?: AbortSignal;
  readonly onProgress?: (event: SmokeTestProgress) => void;
}
export interface SmokeTestProgress {
  readonly test: string;
  readonly done: number;
  readonly total: number;
}
export interface ModelFigures {
  readonly model: string;
  readonly loadMs: number;
  readonly firstRunMs: number;
  readonly p50Ms: number;
  readonly p95Ms: number;
  readonly p99Ms: number;
  /** Timed runs. */
  readonly runs: number;
  /** Of these, runs that took longer than p95Ms by the clock, but not in processor time: the machine was busy. */
  readonly disturbedRuns: number;
  readonly peakMemoryMb: number;
  readonly cases: number;
}
export interface SmokeTestReport {
  readonly models: readonly ModelFigures[];
  readonly commands: readonly { readonly run: string; readonly ms: number }[];
  /** What this machine lacks for the full guard, and figures that it disturbed; the verdict stands. */
  readonly warnings?: readonly string[];
}
export type RunSmokeTests = (order: SmokeTestOrder) => Promise<Result<SmokeTestReport, Refusal>>;
/**
 * Loads one model in a guarded child and reads its contract (names, dtypes, shapes, opsets, external data).
 * `limits` are those of the model's smoke test; default 20 s, 1024 MiB.
 */
export type InspectModel = (order: {
  readonly folder: string;
  readonly path: string;
  readonly component?: string;
  readonly limits?: Pick<OnnxSmokeTest, 'timeoutSec' | 'maxMemoryMb'>;
}) => Promise<Result<ModelContract, Refusal>>;
