/** What a robot is in the middle of when the power goes or its agent is killed. */

import type { ReportEvent } from '@fairlead/shared/trust/report';
import { VERSIONS } from './world/fleet.ts';

type Outcome = Extract<ReportEvent, { event: 'update-ended' }>['outcome'];

export interface Story {
  readonly name: string;
  readonly title: string;
  /** What the robot runs before; a new robot runs nothing and knows nobody. */
  readonly before?: string;
  readonly order: string;
  /** How it ends where nothing happens. */
  readonly end: Outcome;
}

export const STORIES = [
  {
    name: 'update',
    title: 'a full update',
    before: VERSIONS.first,
    order: VERSIONS.good,
    end: 'succeeded',
  },
  {
    name: 'rollback',
    title: 'an update that falls ill in probation, and its roll-back',
    before: VERSIONS.first,
    order: VERSIONS.sick,
    end: 'rolled-back',
  },
  {
    name: 'first-install',
    title: 'enrolment and first installation of a new robot',
    order: VERSIONS.first,
    end: 'succeeded',
  },
] as const satisfies readonly Story[];
export type StoryName = (typeof STORIES)[number]['name'];
