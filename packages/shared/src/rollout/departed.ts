/** Robots that succeeded in a stage with a soak and that can't be observed any more: they are no evidence for the release. */
export interface Departed {
  readonly count: number;
  /** Some of them, each with what became of it: "duck-1 left the fleet". */
  readonly examples: readonly string[];
}
