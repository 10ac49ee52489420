/** Releases: from the author's folder to what robots may run, and back out of it. */
import type { Command } from 'commander';
import type { CliContext } from '../context.ts';
import { addBuildCommands } from './release-build.ts';
import { addListCommands } from './release-list.ts';
import { addPublishCommands } from './release-publish.ts';

export function addReleaseCommands(program: Command, context: CliContext): void {
  const release = program.command('release').description('build, check, publish and revoke releases');
  addBuildCommands(release, context);
  addPublishCommands(release, context);
  addListCommands(release, context);
}
