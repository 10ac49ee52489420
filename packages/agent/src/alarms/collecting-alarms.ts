/** A register that also keeps what is raised through it: the findings of one complete check. */
import type { Refusal } from '@fairlead/shared/failure';
import type { AlarmRegister } from './alarm-register.ts';

export const collectingAlarms = (found: Refusal[], alarms: AlarmRegister): AlarmRegister => ({
  ...alarms,
  raise: (refusal) => {
    found.push(refusal);
    alarms.raise(refusal);
  },
});
