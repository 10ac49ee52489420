/** A sentence that no rule judges is not checked by any simulation: found here without waiting for a seed that has it. */
import { explain } from '@fairlead/shared/fleet/explain';
import type { ExplainFacts, Order } from '@fairlead/shared/fleet/explain-facts';
import type { ComponentState } from '@fairlead/shared/fleet/robot-facts';
import { DEPLOYMENT_STATES, PRESENCES, UPDATE_STATES } from '@fairlead/shared/fleet/states';
import type { ComponentName, DeploymentId, RobotId, Sha256, Version } from '@fairlead/shared/ids';
import { expect, test } from 'vitest';
import { isJudged } from './explain-truth.ts';

const component = 'gait' as ComponentName;
const deployment = 'dep_0000000001' as DeploymentId;
const release = (letter: string) => ({ version: '1.0.0' as Version, manifestSha256: letter.repeat(64) as Sha256 });
const REPORTED: readonly (readonly ComponentState[])[] = [
  [],
  [{ component, active: release('a') }],
  [{ component, active: release('b') }],
];

test.each(DEPLOYMENT_STATES)('every sentence about a robot whose order is %s has a rule', (state) => {
  const order: Order = { deployment, component, ...release('a'), state };
  const unjudged = new Set<string>();
  for (const kind of ['deploy', 'rollback'] as const)
    for (const presence of PRESENCES)
      for (const components of REPORTED)
        for (const activity of UPDATE_STATES) {
          const facts: ExplainFacts = {
            robot: 'duck-1' as RobotId,
            now: 1000,
            lifecycle: 'accepted',
            presence,
            lastSeen: 0,
            trustInitialised: true,
            orders: [{ ...order, kind }],
            activity: { state: activity, deployment, component },
            components,
          };
          const { sentence } = explain(facts);
          if (!isJudged(sentence)) unjudged.add(sentence);
        }
  expect([...unjudged]).toEqual([]);
});
