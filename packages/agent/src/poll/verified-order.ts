/** An order that both keys vouch for: the director assigned it and the environment's release key signed it. */
import type { ComponentName, DeploymentId } from '@fairlead/shared/ids';
import type { Manifest, ReleaseIdentity } from '@fairlead/shared/release/manifest';

/** Only `verifyOrder` makes one; whoever holds it need not check trust again. */
export interface VerifiedOrder {
  readonly deployment: DeploymentId;
  readonly component: ComponentName;
  readonly candidate: ReleaseIdentity & { readonly releaseCounter: number };
  readonly manifest: Manifest;
  /** The exact signed bytes: SHA-256 of them is `candidate.manifestSha256`. */
  readonly manifestBytes: Uint8Array;
}
