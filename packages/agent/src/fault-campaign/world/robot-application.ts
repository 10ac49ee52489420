/**
 * What the campaign's releases contain: the application of a pretended robot, as shell scripts, because every robot
 * has a shell. They find the sandbox by their own place: releases/NAME, component, components, root, disk, sandbox.
 */
const SANDBOX = '../../../../../..';
const DISK = '../../../../..';

/** Left at every start of the application, followed by its version. */
export const START_MARK = 'start ';
/** Left at every smoke test, followed by the version of the release. */
export const SMOKE_TEST_MARK = 'smoke-test ';

/** Says which release it is for as long as it runs, and makes a state of its own where the release changes it. */
const APPLICATION = `#!/bin/sh
version=$(cat version)
echo "${START_MARK}$version" >> ${SANDBOX}/marks
if [ -f new-state ]; then cat new-state > ${DISK}/state/calibration; fi
echo "$version" > ${SANDBOX}/serving.new && mv ${SANDBOX}/serving.new ${SANDBOX}/serving
trap 'rm -f ${SANDBOX}/serving; exit 0' TERM
while :; do sleep 1000 & wait $!; done
`;

/** Healthy as soon as the application says that it is this very release. */
const HEALTH_CHECK = `#!/bin/sh
if [ -f sick ]; then echo 'the arm does not answer'; exit 1; fi
tries=0
while [ $tries -lt 150 ]; do
  if [ "$(cat ${SANDBOX}/serving 2>/dev/null)" = "$(cat version)" ]; then exit 0; fi
  sleep 0.1
  tries=$((tries + 1))
done
echo 'the application does not say which release it is'
exit 1
`;

/** Leaves a mark: a release may be tried once, however often the robot is cut off. */
const SMOKE_TEST = `#!/bin/sh
echo "${SMOKE_TEST_MARK}$(cat version)" >> ${SANDBOX}/marks
`;

export interface ApplicationFile {
  readonly path: string;
  readonly mode: 0o644 | 0o755;
  readonly content: string | Uint8Array;
}

export function applicationFiles(version: string, { sick = false, weights }: { sick?: boolean; weights: Uint8Array }) {
  const files: ApplicationFile[] = [
    { path: 'app.sh', mode: 0o755, content: APPLICATION },
    { path: 'check.sh', mode: 0o755, content: HEALTH_CHECK },
    { path: 'models/walking.bin', mode: 0o644, content: weights },
    { path: 'smoke-test.sh', mode: 0o755, content: SMOKE_TEST },
    { path: 'version', mode: 0o644, content: `${version}\n` },
  ];
  if (version !== FIRST_VERSION) files.push({ path: 'new-state', mode: 0o644, content: stateOf(version) });
  if (sick) files.push({ path: 'sick', mode: 0o644, content: '' });
  return files.toSorted((a, b) => (a.path < b.path ? -1 : 1));
}

/**
 * A new agent: what its release brings is the hand-over, and what then runs is the installed agent's own code, so that
 * a release of 100 MB need not be written for every cut.
 */
const NEW_AGENT = `import { pathToFileURL } from 'node:url';
await import(pathToFileURL(\`\${process.env.FAIRLEAD_PACKAGED}/lib/main.js\`).href);
`;

export function agentFiles(version: string, ballast: Uint8Array): ApplicationFile[] {
  return [
    { path: 'lib/ballast.bin', mode: 0o644, content: ballast },
    { path: 'lib/main.js', mode: 0o644, content: NEW_AGENT },
    { path: 'lib/package.json', mode: 0o644, content: '{"type":"module"}\n' },
    { path: 'smoke-test.sh', mode: 0o755, content: SMOKE_TEST },
    { path: 'version', mode: 0o644, content: `${version}\n` },
  ];
}

export const FIRST_VERSION = '1.0.0';
export const FACTORY_STATE = 'as the factory left it\n';
/** What `state/calibration` says while a version works. */
export const stateOf = (version: string): string =>
  version === FIRST_VERSION ? FACTORY_STATE : `made over by ${version}\n`;
