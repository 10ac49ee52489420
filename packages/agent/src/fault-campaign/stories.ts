/** What a robot is in the middle of when the power goes or its agent is killed. */

import type { ReportEvent } from '@fairlead/shared/trust/report';
import { OWN_COMPONENT } from '../own-release/own-release.ts';
import { COMPONENT, VERSIONS } from './world/fleet.ts';
import type { ReleaseWanted } from './world/fleet-state.ts';

type Outcome = Extract<ReportEvent, { event: 'update-ended' }>['outcome'];

export interface Story {
  readonly name: string;
  readonly title: string;
  /** What the robot runs before; a new robot runs nothing and knows nobody. */
  readonly before?: string;
  readonly order: ReleaseWanted;
  /** The agent is started by its launcher, again whenever it ends, as its unit does it. */
  readonly launched?: true;
  /** How it ends where nothing happens. */
  readonly end: Outcome;
}

export const STORIES = [
  {
    name: 'update',
    title: 'a full update',
    before: VERSIONS.first,
    order: { component: COMPONENT, version: VERSIONS.good },
    end: 'succeeded',
  },
  {
    name: 'rollback',
    title: 'an update that falls ill in probation, and its roll-back',
    before: VERSIONS.first,
    order: { component: COMPONENT, version: VERSIONS.sick },
    end: 'rolled-back',
  },
  {
    name: 'first-install',
    title: 'enrolment and first installation of a new robot',
    order: { component: COMPONENT, version: VERSIONS.first },
    end: 'succeeded',
  },
  {
    name: 'self-update',
    title: 'an update of the agent itself',
    before: VERSIONS.first,
    order: { component: OWN_COMPONENT, version: VERSIONS.agent },
    launched: true,
    end: 'succeeded',
  },
] as const satisfies readonly Story[];
export type StoryName = (typeof STORIES)[number]['name'];
