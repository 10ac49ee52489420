/** Whether this machine can show a recorded disk; says so where it can't. */
import { existsSync } from 'node:fs';

export const mayRecord = process.getuid?.() === 0 && existsSync('/dev/fuse');
if (!mayRecord) process.stdout.write('skipped: a recorded disk needs root and /dev/fuse\n');
