import { expect, test } from 'vitest';
import { outcomeOf } from './outcome.ts';

// biome-ignore format: the table is read by column
const ENDS = [
  ['download',        'disk_full',       'failed',      'the robot has no room'],
  ['download',        'not_found',       'failed',      'the server lost the blob'],
  ['download',        'length',          'rejected',    'the bytes are not those that were signed'],
  ['verify',          'hash',            'rejected',    'the bytes are not those that were signed'],
  ['verify',          'io',              'failed',      'the disk gave an error'],
  ['stage',           'path',            'rejected',    'the archive tries to climb out'],
  ['stage',           'disk_full',       'failed',      'the robot has no room to unpack'],
  ['smoke-test',      'golden_mismatch', 'rejected',    'the model answers wrongly'],
  ['smoke-test',      'interrupted',     'failed',      'the robot went down while it tested'],
  ['smoke-test',      'too_large',       'rejected',    'the model asks for more than any robot has'],
  ['smoke-test',      'could_not_run',   'failed',      'the robot lacks what it tests with'],
  ['smoke-test',      'timed_out',       'failed',      'another time the robot may be faster'],
  ['smoke-test',      'too_slow',        'failed',      'another time the robot may be faster'],
  ['smoke-test',      'machine_busy',    'failed',      'other programs took the processor'],
  ['stage',           'damaged_manifest','failed',      'the disk spoilt what was signed'],
  ['prove-parachute', 'hash',            'failed',      'what runs now is damaged, not the candidate'],
  ['switch',          'service_start',   'rolled-back', 'the new release does not start'],
  ['probation',       'health_check',    'rolled-back', 'the new release is not healthy'],
] as const;

test.each(ENDS)('%s failing with %s is %s: %s', (step, category, outcome) => {
  expect(outcomeOf(step, category)).toBe(outcome);
});
