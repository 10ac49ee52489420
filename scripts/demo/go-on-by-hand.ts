import { fileURLToPath } from 'node:url';
import type { Stage } from './chapters.ts';

const MAIN = fileURLToPath(import.meta.resolve('@fairlead/cli/main'));

/** What a person needs to go on with a fleet that stays up. */
export function goOnByHand({ fleet, robots }: Stage): string {
  const { controlPlane, folder, home } = fleet;
  const [robot] = robots;
  return `
The fleet stays up until you press Ctrl-C.

  server      ${controlPlane.url}   (OpenAPI: ${controlPlane.url}/api/v1/openapi.json)
  password    in ${controlPlane.passwordFile}, user admin
  passphrase  of the release keys in ${fleet.passphraseFile}
  releases    ${folder}/releases
  robots      ${folder}/robots

In another terminal:

  export FAIRLEAD_HOME=${home}
  alias fairlead='${process.execPath} ${MAIN}'
  fairlead status
  fairlead robot show duck-1
  fairlead history --robot duck-1
  fairlead rollback --robot duck-1 --wait
  fairlead deploy --robot duck-1 --release walking@2.0.0 --allow-downgrade --wait
  ${[process.execPath, ...(robot?.agentCommand ?? [])].join(' ')} status
`;
}
