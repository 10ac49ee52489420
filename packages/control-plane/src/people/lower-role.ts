import { ROLES, type Role } from '@fairlead/shared/api/route';

/** A token is worth its own role or its owner's present one, whichever is less. */
export const lowerRole = (a: Role, b: Role): Role => (ROLES.indexOf(a) < ROLES.indexOf(b) ? a : b);
