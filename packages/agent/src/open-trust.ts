/** The robot's memory of trust, which comes back by itself where the disk spoils or fills. */
import { join } from 'node:path';
import type { Refusal } from '@fairlead/shared/failure';
import type { SendRequest } from '@fairlead/toolkit/http/send-request';
import { fetchBy } from '@fairlead/toolkit/trust/fetch-bytes';
import { patientTrustStore } from '@fairlead/toolkit/trust/patient-trust-store';
import { openTufTrustStore } from '@fairlead/toolkit/trust/tuf-trust-store';
import type { WhoAmI } from './agent-parts.ts';
import type { AgentConfig } from './config.ts';
import { BUILT_AT } from './version.ts';

/** A disk that spoils or fills must not take the robot's services, its rollback and its reports with it. */
export function openTrust(
  { root, server }: AgentConfig,
  { environment }: WhoAmI,
  send: SendRequest,
  onChange: (trouble: Refusal | undefined) => void,
) {
  return patientTrustStore({
    open: () =>
      openTufTrustStore({
        file: join(root, 'trust', 'trust.db'),
        baseUrl: new URL('/tuf', server).href,
        environment,
        builtAt: BUILT_AT,
        fetchBytes: fetchBy(send),
      }),
    builtAt: BUILT_AT,
    elapsed: () => performance.now(),
    onChange,
  });
}
