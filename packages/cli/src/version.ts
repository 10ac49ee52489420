/** Which command line this is. A test holds it to package.json; a build may be given another version. */

/** Put in by the build (scripts/package/bundle-program.ts). */
declare const FAIRLEAD_VERSION: string | undefined;

export const CLI_VERSION = typeof FAIRLEAD_VERSION === 'string' ? FAIRLEAD_VERSION : '0.1.0';
