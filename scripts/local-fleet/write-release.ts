/** Writes the folder of one release of the pretended robot: application, policy, goldens, release.yaml. */
import { cp, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { stringify } from 'yaml';
import { makePolicy, type PolicyOptions } from '../policies/make-policy.ts';

const APP = fileURLToPath(new URL('robot-app/', import.meta.url));
export const COMPONENT = 'walking';

export interface ReleasePlan {
  readonly version: string;
  readonly policy: PolicyOptions;
  /** Something no robot has: the application starts and is unwell. */
  readonly needs?: string;
  /** How long the application takes to stop. */
  readonly parkMs?: number;
  /** How long the application lives before it crashes, each time. */
  readonly crashAfterMs?: number;
  readonly probationSec?: number;
  /** Default: the one of the component's name. */
  readonly services?: readonly string[];
  /** As in release.yaml. Default: the program check-health.mjs of the release. */
  readonly healthChecks?: readonly object[];
  /** Ballast of random bytes that no compression takes away, for tests that interrupt a download. */
  readonly ballast?: Uint8Array;
  /** More of release.yaml, over what is written anyway. */
  readonly more?: Readonly<Record<string, unknown>>;
}

/** Resolves with the folder, ready for `fairlead release build`. */
export async function writeRelease(parent: string, plan: ReleasePlan): Promise<string> {
  const folder = join(parent, `${COMPONENT}-${plan.version}`);
  await mkdir(folder, { recursive: true });
  await cp(APP, folder, { recursive: true });
  const { model, goldens } = makePolicy(plan.policy);
  const { needs, parkMs, crashAfterMs } = plan;
  const robot = { release: `${COMPONENT}@${plan.version}`, needs, parkMs, crashAfterMs };
  await Promise.all([
    writeFile(join(folder, 'robot.json'), JSON.stringify(robot)),
    writeFile(join(folder, 'policy.onnx'), model),
    writeFile(join(folder, 'goldens.json'), JSON.stringify(goldens)),
    ...(plan.ballast ? [writeFile(join(folder, 'ballast.bin'), plan.ballast)] : []),
    writeFile(join(folder, 'release.yaml'), stringify(releaseYaml(plan))),
  ]);
  return folder;
}

const CHECK_HEALTH = { command: { run: ['node', 'check-health.mjs'], intervalSec: 1, attempts: 5, timeoutSec: 5 } };

const releaseYaml = ({
  version,
  probationSec = 2,
  services = [COMPONENT],
  healthChecks = [CHECK_HEALTH],
  more,
}: ReleasePlan) => ({
  component: COMPONENT,
  version,
  services,
  smokeTests: [{ onnx: { model: 'policy.onnx', goldens: 'goldens.json', runs: 20, p95Ms: 50, maxMemoryMb: 1024 } }],
  healthChecks,
  probation: { seconds: probationSec },
  ...more,
});
