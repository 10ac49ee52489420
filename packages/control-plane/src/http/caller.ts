/** Who asks, as authenticate.ts proved it. The route's `access` decides which of these a handler can ever see. */
import type { Access, Role } from '@fairlead/shared/api/route';
import type { Lifecycle } from '@fairlead/shared/fleet/states';
import type { RobotId, Sha256 } from '@fairlead/shared/ids';
import type { Instant } from '@fairlead/shared/time';

export interface RobotCaller {
  readonly kind: 'robot';
  readonly robot: RobotId;
  readonly keyid: Sha256;
  /** Never decommissioned; other than accepted only on routes for `waiting-robot`. */
  readonly lifecycle: Lifecycle;
  /** `created` of its signature: whole seconds by the clock of the robot, at most 5 minutes from that of the server. */
  readonly signedAt: Instant;
  /** The header that was signed: the body must have this digest. */
  readonly contentDigest: string;
}
export interface PersonCaller {
  readonly kind: 'person';
  /** Never given again, unlike the name: rights and memories belong to it. */
  readonly id: string;
  readonly name: string;
  /** What this session or token may do; a token's role can be lower than its owner's. */
  readonly role: Role;
  readonly via: 'session' | 'api-token';
  /** The session or API token that was presented. */
  readonly credential: { readonly id: string; readonly expiresAt?: Instant };
  /** As the audit log names it: the person, or the API token of a person. */
  readonly actor: string;
  /** Its password was made up by the server: it may change it or log out, and nothing else. */
  readonly mustChangePassword: boolean;
}
/** Nobody known; for `enrolling-robot` the body's own key has signed the request. */
export interface NobodyCaller {
  readonly kind: 'nobody';
}
export type Caller = RobotCaller | PersonCaller | NobodyCaller;

export type CallerOf<A extends Access> = A extends 'public' | 'enrolling-robot'
  ? NobodyCaller
  : A extends 'robot' | 'waiting-robot'
    ? RobotCaller
    : A extends 'robot-or-viewer'
      ? RobotCaller | PersonCaller
      : PersonCaller;
