import { expect, test } from 'vitest';
import { signalGroup } from './process-group.ts';

// Signal 0 only asks: whoever breaks this learns it without losing the machine.
test.each([1, 0, -1, Number.NaN])('%s is no process group, but everybody or ourselves', (group) => {
  expect(signalGroup(group, 0)).toBe(false);
});
