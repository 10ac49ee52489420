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
  waits(reason: Refusal | undefined, ready?: boolean): void;
  idle(): void;
}

/** `onReadiness`: called whenever the robot becomes ready but for its order, or is so no longer. */
export function activityBoard(onReadiness: () => void = () => undefined): ActivityBoard {
  let activity: Activity = { state: 'idle' };
  return {
    activity: () => activity,
    begin: ({ step, component, deployment, refusal }) => {
      activity = { state: STATE_OF[step], component, deployment, ...(refusal && { refusal }) };
    },
    progress: (fraction) => {
      if (activity.state !== 'idle') activity = { ...activity, progress: Math.min(1, Math.max(0, fraction)) };
    },
    waits: (reason, ready = false) => {
      if (activity.state === 'idle') return;
      const { refusal: _, ready: was = false, ...rest } = activity;
      activity = { ...rest, ...(reason && { refusal: reason }), ...(reason && ready && { ready }) };
      // One that goes on will be heard of soon enough, and needs its processor for the switch.
      if (reason && ready !== was) onReadiness();
    },
    idle: () => {
      activity = { state: 'idle' };
    },
  };
}
