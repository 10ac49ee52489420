/** The names of an update's steps on the robot. They are a file format (journal.json): never renamed, only added to. */
export const STEPS = [
  'download',
  'verify',
  'stage',
  'smoke-test',
  'prove-parachute',
  'wait',
  'switch',
  'probation',
  'commit',
  'roll-back',
  'discard',
  'report',
] as const;
export type Step = (typeof STEPS)[number];
