/** What the update is doing right now, for check-ins, the local socket and `explain`. */
import type { Refusal } from '@fairlead/shared/failure';
import type { Activity } from '@fairlead/shared/fleet/robot-facts';
import type { UpdateState } from '@fairlead/shared/fleet/states';
import type { Journal } from '@fairlead/shared/update/journal';
import type { Step } from '@fairlead/shared/update/step';

// biome-ignore format: the table is read by column
export const STATE_OF: Readonly<Record<Step, UpdateState>> = {
  'download':        'downloading',
  'verify':          'verifying',
  'stage':           'staging',
  'smoke-test':      'testing',
  'prove-parachute': 'testing',
  'wait':            'waiting',
  'switch':          'switching',
  'probation':       'probation',
  'commit':          'committing',
  'roll-back':       'rolling-back',
  'discard':         'reporting',
  'report':          'reporting',
};

/** Holds the activity of the moment. Progress and reasons belong to one step and end with it. */
export interface ActivityBoard {
  activity(): Activity;
  begin(journal: Journal & { readonly step: Step }): void;
  progress(fraction: number): void;
  waits(reason: Refusal | undefined): void;
  idle(): void;
}

export function activityBoard(): ActivityBoard {
  let activity: Activity = { state: 'idle' };
  return {
    activity: () => activity,
    begin: ({ step, component, deployment, refusal }) => {
      activity = { state: STATE_OF[step], component, deployment, ...(refusal && { refusal }) };
    },
    progress: (fraction) => {
      if (activity.state !== 'idle') activity = { ...activity, progress: Math.min(1, Math.max(0, fraction)) };
    },
    waits: (reason) => {
      const { refusal: _, ...rest } = activity;
      if (activity.state !== 'idle') activity = reason ? { ...rest, refusal: reason } : rest;
    },
    idle: () => {
      activity = { state: 'idle' };
    },
  };
}
